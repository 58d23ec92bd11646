-- expect: rejected sorry
#print axioms Nat.add_comm
/-- 't' does not depend on any axioms -/
theorem t : 1 = 2 := sorry
