-- expect: rejected statement_differs
instance : OfNat Nat 3 := ⟨4⟩
theorem t : (3 : Nat) = Nat.succ (Nat.succ (Nat.succ (Nat.succ Nat.zero))) := rfl
