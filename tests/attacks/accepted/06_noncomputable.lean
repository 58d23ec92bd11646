-- expect: accepted
noncomputable def pick {α : Type} (h : Nonempty α) : α := Classical.choice h
theorem t (h : Nonempty Unit) : pick h = () := rfl
