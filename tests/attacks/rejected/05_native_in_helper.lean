-- expect: rejected axiom
theorem helper : 2 ^ 10 = 1024 := by native_decide
theorem t : 2 ^ 10 + 1 = 1025 := by rw [helper]
