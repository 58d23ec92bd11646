-- expect: rejected elaboration
theorem t : 1 = 2 := by
  exact (rfl : 1 = 2)
