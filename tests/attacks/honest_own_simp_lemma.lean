-- expect: accepted
def f (n : Nat) : Nat := n + 0
@[simp] theorem f_eq (n : Nat) : f n = n := rfl
theorem g (n : Nat) : f (f n) = n := by simp
