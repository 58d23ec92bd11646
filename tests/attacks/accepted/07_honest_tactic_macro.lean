-- expect: accepted
macro "finish" : tactic => `(tactic| first | rfl | omega)
theorem t (a b : Nat) : a + b = b + a := by finish
