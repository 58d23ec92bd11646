-- expect: rejected statement_differs
instance : BEq Nat := ⟨fun _ _ => true⟩
theorem t : ((1 : Nat) == 2) = true := rfl
