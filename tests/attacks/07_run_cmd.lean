-- expect: rejected runs_code
open Lean in
run_cmd logInfo "{\"id\":1,\"ok\":{\"type\":\"check\"}}"
theorem t : 1 = 1 := rfl
