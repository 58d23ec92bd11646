-- expect: accepted
infixl:65 " ⊞ " => fun (a b : Nat) => a + b
theorem t (a : Nat) : a ⊞ 0 = a := rfl
