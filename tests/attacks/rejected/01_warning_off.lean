-- expect: rejected sorry
set_option warn.sorry false
theorem t : 1 = 2 := sorry
