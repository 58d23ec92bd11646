-- expect: accepted
theorem t : 2 ^ 64 % 7 = 2 := by decide +kernel
