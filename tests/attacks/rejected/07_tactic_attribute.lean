-- expect: rejected runs_code
import Lean
syntax (name := cheatStx) "cheat" : tactic
@[tactic cheatStx] def cheat : Lean.Elab.Tactic.Tactic := fun _ => return
theorem t : 1 = 2 := by cheat
