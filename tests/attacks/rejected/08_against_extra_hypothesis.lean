-- expect: rejected statement_differs
theorem t (a b : Nat) (h : a = b) : a + 0 = b := h
