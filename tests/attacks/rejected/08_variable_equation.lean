-- expect: rejected hidden_hypothesis
variable (n : Nat) (h : n = 7)
include h
theorem t : n * n = 49 := by subst h; rfl
