-- expect: rejected statement_differs
instance : LT Nat := ⟨fun _ _ => True⟩
theorem t (a b : Nat) : a < b := trivial
