theorem t (a b c : Nat) (h : a + b + c = 3) : c + b + a = 3 := sorry
