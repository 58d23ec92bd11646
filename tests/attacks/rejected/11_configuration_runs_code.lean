-- expect: rejected runs_code
def work (n : Nat) : Nat := n + 100000
theorem t (a : Nat) : a + 0 = a := by simp (config := { maxSteps := work 5 })
