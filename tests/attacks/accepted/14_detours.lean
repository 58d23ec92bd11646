-- expect: accepted
theorem t (a b : Nat) : a + b = b + a := by
  have _h : True := trivial
  rw [Nat.add_comm, Nat.add_comm, Nat.add_comm]
