-- expect: rejected elaboration
theorem t : "a".length = 1 := by
  exact (rfl : "a
