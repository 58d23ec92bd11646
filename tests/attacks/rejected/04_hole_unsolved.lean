-- expect: rejected elaboration
theorem t : ∃ n : Nat, n * n = 49 := by
  refine ⟨?w, ?_⟩
  case w => exact 6
