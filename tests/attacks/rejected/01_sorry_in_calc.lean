-- expect: rejected sorry
theorem t (a b c : Nat) : a = c := calc
  a = b := sorry
  _ = c := sorry
