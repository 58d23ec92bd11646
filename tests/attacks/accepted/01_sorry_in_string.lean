-- expect: accepted
theorem t : "sorry, axiom, native_decide".length = 27 := by decide
