-- expect: accepted
theorem admit_axiom_eval (p : Prop) (h : p) : p := h
