-- expect: rejected
-- names: t
def t : 1 = 1 := rfl
