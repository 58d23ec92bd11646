-- expect: rejected sorry
theorem t (n : Nat) (h : n > 3) : n > 100 := by
  have key : n > 100 := by
    skip
    all_goals sorry
  exact key
