-- expect: rejected runs_code
@[extern "lean_nat_add"] def f (a b : Nat) : Nat := a * b
theorem t : f 2 2 = 4 := rfl
