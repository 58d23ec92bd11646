-- expect: accepted
theorem t {α : Type} (s : Setoid α) (a b : α) (h : s.r a b) : Quotient.mk s a = Quotient.mk s b := Quotient.sound h
