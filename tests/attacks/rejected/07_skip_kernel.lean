-- expect: rejected forbidden_option
set_option debug.skipKernelTC true
theorem t : 1 = 2 := by decide
