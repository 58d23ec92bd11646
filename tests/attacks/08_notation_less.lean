-- expect: rejected statement_differs
local notation:50 (priority := 2000) a:51 " < " b:51 => (a = a ∧ b = b)
theorem t (a b : Nat) : a < b := ⟨rfl, rfl⟩
