-- expect: rejected statement_differs
syntax:50 (name := mine) (priority := high) term:51 " ≤ " term:51 : term
macro_rules (kind := mine) | `($_ ≤ $_) => `(True)
theorem t (n : Nat) : n + 1 ≤ n := trivial
