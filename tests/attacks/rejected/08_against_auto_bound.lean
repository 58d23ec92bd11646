-- expect: rejected statement_differs
theorem t (n : nat) : n = n := rfl
