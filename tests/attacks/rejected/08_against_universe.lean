-- expect: rejected statement_differs
theorem t (α : Type) (x : α) : x = x := rfl
