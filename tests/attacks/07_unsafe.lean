-- expect: rejected runs_code
unsafe def f : Nat := 1
theorem t : 1 = 1 := rfl
