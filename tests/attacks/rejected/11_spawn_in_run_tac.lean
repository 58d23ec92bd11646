-- expect: rejected runs_code
import Lean
theorem t : 1 = 1 := by
  run_tac discard <| IO.Process.output { cmd := "id" }
  rfl
