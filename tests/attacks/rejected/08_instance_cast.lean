-- expect: rejected statement_differs
instance : NatCast Int := ⟨fun _ => 0⟩
theorem t (n : Nat) : (n : Int) = 0 := rfl
