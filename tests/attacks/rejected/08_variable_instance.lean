-- expect: rejected statement_differs
variable [LT Nat]
theorem t (a b : Nat) (h : a < b) : a < b := h
