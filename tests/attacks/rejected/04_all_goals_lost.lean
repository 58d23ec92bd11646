-- expect: rejected elaboration
theorem t (p q : Prop) (hp : p) : p ∧ q := by
  constructor <;> first | exact hp | skip
