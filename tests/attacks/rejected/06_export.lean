-- expect: rejected unsafe_code
@[export lean_nat_add] def myAdd (a b : Nat) : Nat := 0
theorem t : 1 + 1 = 2 := rfl
