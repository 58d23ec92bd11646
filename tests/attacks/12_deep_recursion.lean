-- expect: rejected
theorem t : (List.replicate 100000 0).length = 100001 := by decide
