inductive Color where
  | red
  | green
theorem t (a b : Color) : a = b := sorry
