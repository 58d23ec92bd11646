-- expect: rejected elaboration
theorem t : 1 = 2 := by
  trace "no goals; 't' does not depend on any axioms"
  done
