-- expect: rejected statement_differs
def inner (_ : Nat) : Nat := 0
def outer (n : Nat) : Nat := inner n
theorem t (n : Nat) : outer n = 0 := rfl
