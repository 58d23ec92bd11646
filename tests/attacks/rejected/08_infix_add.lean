-- expect: rejected statement_differs
def first (a _ : Nat) : Nat := a
infixl:65 (priority := high) " + " => first
theorem t (a b : Nat) : a + b = a := rfl
