-- expect: rejected statement_differs
def both (a b : Nat) : Prop := a = a ∧ b = b
infix:50 (priority := high) " < " => both
infix:50 (priority := 10000) " < " => both
theorem t (a b : Nat) : a < b := ⟨rfl, rfl⟩
