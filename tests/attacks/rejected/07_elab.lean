-- expect: rejected runs_code
import Lean
open Lean Elab Tactic in
elab "cheat" : tactic => do
  closeMainGoalUsing `cheat fun _ _ => return mkConst `missing
theorem t : 1 = 2 := by cheat
