-- expect: accepted
theorem t (a b : Nat) (h : a = b) : b = a := by
  simp (config := { contextual := true }) (maxSteps := 1000) +arith [h]
