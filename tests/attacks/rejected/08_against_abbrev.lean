-- expect: rejected not_a_theorem
abbrev t : 1 + 1 = 2 := rfl
