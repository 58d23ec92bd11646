/-- What the accumulator does: it is added at the end. -/
theorem sumTo_from (n a : Nat) : sumTo n a = sumTo n 0 + a := by
  induction n generalizing a with
  | zero => simp [sumTo]
  | succ n ih => rw [sumTo, sumTo, ih (a + (n + 1)), ih (0 + (n + 1))]; omega
