-- expect: rejected statement_differs
local instance : LT Nat := ⟨fun _ _ => True⟩
theorem t (a b : Nat) : a < b := trivial
