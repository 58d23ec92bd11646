-- expect: accepted
theorem em' (p : Prop) : p ∨ ¬p := Classical.em p
