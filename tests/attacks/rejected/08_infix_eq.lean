-- expect: rejected statement_differs
def weak (_ _ : Nat) : Prop := True
infix:50 (priority := high) " = " => weak
theorem t : 1 = 2 := trivial
