-- expect: rejected runs_code
import Lean
syntax "cheat" : tactic
open Lean Elab Tactic in
elab_rules : tactic | `(tactic| cheat) => admitGoal (← getMainGoal)
theorem t : 1 = 2 := by cheat
