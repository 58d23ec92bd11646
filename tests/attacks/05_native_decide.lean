-- expect: rejected axiom
theorem t : 10 ^ 5 % 3 = 1 := by native_decide
