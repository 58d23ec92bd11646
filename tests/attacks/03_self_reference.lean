-- expect: rejected
theorem t : 1 = 2 := by exact t
