def double (n : Nat) : Nat := n + n
theorem t (n : Nat) : double n = double n + 0 := sorry
