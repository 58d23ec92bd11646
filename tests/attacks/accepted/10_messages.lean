-- expect: accepted
#check Nat.add_comm
#print axioms Nat.add_comm
#reduce (2 + 2 : Nat)
theorem t : 1 + 1 = 2 := rfl
