-- expect: rejected runs_code
#eval IO.println "no goals"
theorem t : 1 = 1 := rfl
