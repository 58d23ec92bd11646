-- expect: accepted
macro "finish" : tactic => `(tactic| omega)
theorem t (a b : Nat) (h : a < b) : a + 1 ≤ b := by finish
