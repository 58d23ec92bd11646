-- expect: rejected runs_code
import Lean
theorem t : 1 = 2 := by
  run_tac do
    let g ← Lean.Elab.Tactic.getMainGoal
    g.assign (.const `missing [])
