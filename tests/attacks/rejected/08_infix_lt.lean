-- expect: rejected statement_differs
def always (_ _ : Nat) : Prop := True
infix:50 (priority := high) " < " => always
theorem t (a b : Nat) : a < b := trivial
