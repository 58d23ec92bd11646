-- expect: accepted
-- sorry, admit, #exit, axiom
theorem t : 1 + 1 = 2 := by
  /- sorry -/ rfl -- admit
