-- expect: accepted
set_option autoImplicit false
set_option maxHeartbeats 400000 in
theorem t (a b c : Nat) (h : a < b) : a + c < b + c := by omega
