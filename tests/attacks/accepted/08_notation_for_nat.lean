-- expect: accepted
notation "ℕ" => Nat
theorem t (n : ℕ) : n + 0 = n := rfl
