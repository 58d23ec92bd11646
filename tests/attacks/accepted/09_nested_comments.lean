-- expect: accepted
/- outer /- inner -/ theorem bad : 1 = 2 := sorry -/
theorem t : 1 + 1 = 2 := rfl
