-- expect: rejected sorry
#guard_msgs (drop error) in
theorem t : 1 = 2 := by
  exact nonsense
