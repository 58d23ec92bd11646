-- expect: rejected forbidden_option
theorem t : 1 = 2 := by
  set_option debug.skipKernelTC true in
  decide
