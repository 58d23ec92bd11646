-- expect: accepted
def plusTwice (a b : Nat) : Nat := a + b + b
infixl:65 " ⊞ " => plusTwice
theorem t (a : Nat) : a ⊞ 0 = a := rfl
