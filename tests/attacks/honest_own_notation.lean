-- expect: accepted
def twice (n : Nat) : Nat := n + n
notation "⟪" n "⟫" => twice n
theorem t (n : Nat) : ⟪n⟫ = 2 * n := by simp [twice]; omega
