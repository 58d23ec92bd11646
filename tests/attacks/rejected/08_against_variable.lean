-- expect: rejected statement_differs
variable (h : False)
include h
theorem t : 1 = 2 := h.elim
