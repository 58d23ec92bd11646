-- expect: rejected statement_differs
theorem t.{v, u} (α : Type u) (β : Type v) (x : α) (_ : β) : x = x := rfl
