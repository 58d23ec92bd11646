-- expect: accepted
variable (h : False)
theorem t : 1 + 1 = 2 := rfl
