-- expect: rejected statement_differs
local notation:50 (priority := high) a " < " b => (a : Nat) = a ∨ b = b
theorem t (a b : Nat) : a < b := Or.inl rfl
