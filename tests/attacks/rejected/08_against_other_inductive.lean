-- expect: rejected statement_differs
inductive Color where
  | red
theorem t (a b : Color) : a = b := by cases a; cases b; rfl
