-- expect: rejected sorry
theorem t (n : Nat) : n = n + 1 := t (n + 1)
termination_by n
decreasing_by sorry
