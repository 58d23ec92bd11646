-- expect: rejected missing
example : 1 + 1 = 2 := rfl
