-- expect: rejected elaboration
theorem t {α : Type} (x y : α) : (if x = y then 1 else 2) = 1 := by simp
