-- expect: rejected elaboration
theorem t (a : Nat) : a = a + 1 := by
  exfalso
