-- expect: rejected elaboration
set_option maxHeartbeats 1
theorem t (a b c d : Nat) : a + b + c + d = d + c + b + a := by grind
