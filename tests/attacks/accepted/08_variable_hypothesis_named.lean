-- expect: accepted
variable (n : Nat)
theorem t (h : n = 7) : n * n = 49 := by subst h; rfl
