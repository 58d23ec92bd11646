-- expect: accepted
structure Point where
  x : Nat
  y : Nat
instance : Add Point := ⟨fun p q => ⟨p.x + q.x, p.y + q.y⟩⟩
instance : LT Point := ⟨fun p q => p.x < q.x⟩
theorem t (p q : Point) : (p + q).x = p.x + q.x := rfl
theorem u (p q : Point) (h : p < q) : p.x < q.x := h
