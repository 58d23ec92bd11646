theorem t (a b : Nat) (h : a < b) : a + 1 < b + 2 := sorry
