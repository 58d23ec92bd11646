-- expect: accepted
def halves (n : Nat) : Nat := if n < 2 then 0 else 1 + halves (n / 2)
termination_by n
decreasing_by omega
theorem t : halves 0 = 0 := by unfold halves; rfl
