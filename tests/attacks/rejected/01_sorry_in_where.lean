-- expect: rejected sorry
theorem t : 1 = 2 := go 3
where
  go (n : Nat) : 1 = 2 := sorry
