-- expect: rejected elaboration
theorem t (n : Nat) : n = n + 1 := by exact t n
