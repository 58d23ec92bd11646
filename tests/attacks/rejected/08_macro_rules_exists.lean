-- expect: rejected statement_differs
macro_rules | `($_ ∧ $_) => `(True)
theorem t : 1 = 2 ∧ 2 = 3 := trivial
