-- expect: accepted
theorem t (h : False) : 1 = 2 := by exfalso; exact h
