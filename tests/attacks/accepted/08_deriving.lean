-- expect: accepted
inductive Color where
  | red | green
  deriving DecidableEq, Repr
theorem t : Color.red ≠ Color.green := by decide
