-- expect: rejected missing
theorem T : 1 + 1 = 2 := rfl
