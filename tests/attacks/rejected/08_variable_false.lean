-- expect: rejected hidden_hypothesis
variable (h : False)
include h
theorem t : 1 = 2 := h.elim
