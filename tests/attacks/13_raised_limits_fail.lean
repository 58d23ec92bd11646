-- expect: rejected
theorem t (x : Nat → Int) (h : ∀ n ≥ 5, x n = x (n - 1) - x (n - 2)) : x 531 = 3 := by simp_all
