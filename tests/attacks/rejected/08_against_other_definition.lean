-- expect: rejected statement_differs
def double (n : Nat) : Nat := n
theorem t (n : Nat) : double n = double n + 0 := rfl
