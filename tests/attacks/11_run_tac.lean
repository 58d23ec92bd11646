-- expect: rejected runs_code
theorem t : 1 = 2 := by run_tac Lean.logInfo "x"
