-- expect: rejected
theorem t (a b : Nat) : a = b := by exact?
