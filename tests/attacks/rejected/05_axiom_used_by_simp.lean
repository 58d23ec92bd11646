-- expect: rejected axiom
@[simp] axiom all_equal (a b : Nat) : a = b
theorem t : 1 = 2 := by simp [all_equal 1 2]
