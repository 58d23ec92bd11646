-- expect: rejected sorry
theorem t : 1 = 2 := by
  stop
  rfl
