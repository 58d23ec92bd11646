-- expect: accepted
theorem helper (a b c : Nat) : a + b + c = c + b + a := by omega
theorem t (a b c : Nat) (h : a + b + c = 3) : c + b + a = 3 := by rw [← helper, h]
