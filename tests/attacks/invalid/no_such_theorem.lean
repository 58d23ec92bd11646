-- expect: invalid
-- theorem: other
theorem t : 1 = 1 := rfl
