-- expect: rejected runs_code
import Lean
open Lean Elab Command in
run_cmd liftCoreM <| addDecl (.axiomDecl { name := `cheat, levelParams := [], type := .const ``False [], isUnsafe := false })
theorem t : True := trivial
