-- expect: rejected
-- names: t
#exit
theorem t : 1 = 2 := rfl
