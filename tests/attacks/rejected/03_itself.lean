-- expect: rejected elaboration
theorem t : 1 = 2 := t
