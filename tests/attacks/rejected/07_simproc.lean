-- expect: rejected runs_code
import Lean
simproc cheat (_ = _) := fun e => return .done { expr := Lean.mkConst ``True }
theorem t : 1 = 2 := by simp
