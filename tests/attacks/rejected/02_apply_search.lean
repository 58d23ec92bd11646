-- expect: rejected
theorem t (a b c : Nat) (h : a * b = c + 17) : b * a * a = a * c := by
  apply?
