-- expect: rejected early_exit missing
-- theorem: u
theorem t : 1 = 1 := rfl
#exit
theorem u : 1 = 2 := rfl
