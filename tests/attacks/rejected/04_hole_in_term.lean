-- expect: rejected elaboration
theorem t : ∃ n : Nat, n > 5 := ⟨_, by decide⟩
