-- expect: accepted
theorem sorryFree_admitted (axiomatic unsafely : Nat) : axiomatic + unsafely = unsafely + axiomatic := by
  have native_decided := Nat.add_comm axiomatic unsafely
  exact native_decided
