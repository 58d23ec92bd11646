-- expect: rejected statement_differs
theorem t (a b : Nat) (h : a < b) : a ≤ b := Nat.le_of_lt h
