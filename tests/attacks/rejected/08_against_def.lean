-- expect: rejected not_a_theorem
def t : 1 + 1 = 2 := rfl
