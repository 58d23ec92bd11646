-- expect: accepted
theorem t : ∃ n : Nat, n * n = 49 := by
  refine ⟨?w, ?h⟩
  case w => exact 7
  case h => rfl
