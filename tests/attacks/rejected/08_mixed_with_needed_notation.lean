-- expect: rejected statement_differs
def both (a b : Nat) : Prop := a = a ∧ b = b
infix:50 " ⊛ " => both
infix:50 (priority := high) " < " => both
theorem t (a b : Nat) : a ⊛ b ∧ a < b := ⟨⟨rfl, rfl⟩, ⟨rfl, rfl⟩⟩
