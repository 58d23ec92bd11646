theorem t.{u} (α : Type u) (x : α) : x = x := sorry
