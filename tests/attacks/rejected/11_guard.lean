-- expect: rejected runs_code
#guard (dbg_trace "here"; true)
theorem t : 1 = 1 := rfl
