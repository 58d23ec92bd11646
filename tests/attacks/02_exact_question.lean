-- expect: rejected
theorem t (p q : Prop) : p → q := by intro h; exact?
