-- expect: rejected sorry
theorem t (a b : Nat) : a + b = b + a := sorry
