-- expect: rejected elaboration
theorem t (a b : Nat) : a = b := by
  have h : True := trivial
  have h2 : True := trivial
  rw [Nat.add_comm] at *
