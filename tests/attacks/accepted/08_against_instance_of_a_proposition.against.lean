class P : Prop where
  p : True
theorem t : P := sorry
