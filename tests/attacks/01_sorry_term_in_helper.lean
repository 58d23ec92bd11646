-- expect: rejected sorry
theorem helper : 1 = 2 := (sorry : 1 = 2)
theorem t : 2 = 3 := by have := helper; omega
