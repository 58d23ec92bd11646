-- expect: rejected unsafe_code
@[extern "lean_nat_sub"] def add' (a b : Nat) : Nat := a + b
theorem t : add' 3 1 = 2 := by native_decide
