-- expect: accepted
theorem t (p : Prop) : p ∨ ¬p := Classical.em p
