-- expect: rejected
theorem t (a b : Nat) : a = b + 1 := by rw?
