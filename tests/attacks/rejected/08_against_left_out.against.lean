theorem t : 1 + 1 = 2 := sorry
theorem u : 2 + 2 = 5 := sorry
