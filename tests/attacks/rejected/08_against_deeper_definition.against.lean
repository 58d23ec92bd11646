def inner (n : Nat) : Nat := n
def outer (n : Nat) : Nat := inner n
theorem t (n : Nat) : outer n = 0 := sorry
