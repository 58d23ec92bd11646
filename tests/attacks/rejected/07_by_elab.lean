-- expect: rejected runs_code
import Lean
theorem t : 1 = 2 := by_elab return Lean.mkConst `missing
