-- expect: accepted
theorem sum_formula (f : Nat → Nat) (h0 : f 0 = 0) (hs : ∀ n, f (n + 1) = f n + (n + 1)) :
    ∀ n, 2 * f n = n * (n + 1) := by
  intro n
  induction n with
  | zero => simp [h0]
  | succ n ih =>
    rw [hs, Nat.mul_add, ih]
    have step : n * (n + 1) + 2 * (n + 1) = (n + 2) * (n + 1) := by
      rw [← Nat.add_mul]
    rw [step]
    calc (n + 2) * (n + 1) = (n + 1) * (n + 2) := Nat.mul_comm _ _
      _ = (n + 1) * (n + 1 + 1) := by rfl
theorem squares (n m : Nat) (h : n < m) : n * n < m * m := by
  exact Nat.mul_lt_mul_of_lt_of_le h (Nat.le_of_lt h) (by omega)
theorem lists {α : Type} (xs ys zs : List α) :
    (xs ++ ys ++ zs).reverse = zs.reverse ++ (ys.reverse ++ xs.reverse) := by
  simp
