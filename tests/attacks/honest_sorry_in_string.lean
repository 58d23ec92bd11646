-- expect: accepted
/-- not a sorry -/
def s : String := "sorry"
theorem sorry_free (a : Nat) : a + 0 = a := by
  -- sorry, that was easy
  simp
