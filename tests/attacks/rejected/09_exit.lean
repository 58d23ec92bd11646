-- expect: rejected early_exit
theorem t : 1 = 1 := rfl
#exit
theorem u : 1 = 2 := rfl
