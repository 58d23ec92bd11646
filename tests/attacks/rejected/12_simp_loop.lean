-- expect: rejected elaboration
theorem t (f g : Nat → Nat) (h : ∀ x, f x = g x) (k : ∀ x, g x = f x) : f 1 = 2 := by
  simp [h, k]
