-- expect: accepted
syntax "close_with " term : tactic
macro_rules | `(tactic| close_with $e) => `(tactic| exact $e)
theorem t (p : Prop) (h : p) : p := by close_with h
