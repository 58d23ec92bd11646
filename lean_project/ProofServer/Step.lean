module
public meta import ProofServer.State
public meta import ProofServer.Guard
public import ProofServer.State
public import ProofServer.Guard

/-!
# Applying a tactic to a state

The tactic sees the first goal only; what it leaves comes before the other goals. It may fail in typed ways
and it may not do what a proof step has no business doing (see `guardSyntax`).
-/
open Lean Elab Meta
public meta section
namespace ProofServer

def failureKind (e : Exception) : String :=
  if e.isInterrupt then "timeout"
  else if e.isRuntime then
    if e.isMaxRecDepth then "recursion" else "timeout"
  else "tactic"

/-- The error messages logged in a state, one after the other. -/
def loggedErrors (log : MessageLog) : IO String := do
  let mut text := ""
  for m in log.toList do
    match m.severity with
    | .error => text := text ++ (if text.isEmpty then "" else "\n") ++ (← m.data.toString)
    | _ => pure ()
  return text

/-- Applies `text` to the first goal of `p`. `heartbeats` is in thousands. -/
def applyTactic (p : ProofState) (text : String) (heartbeats : Nat) (token : IO.CancelToken) :
    IO (Except Refusal ProofState) := do
  match Parser.runParserCategory p.coreState.env `tactic text "<tactic>" with
  | .error e => return .error { kind := "parse", message := e }
  | .ok stx =>
    if let some refused := guardSyntax .step stx then
      return .error { kind := "forbidden", message := refused.text }
    let (goal, others) ← match p.goals with
      | g :: gs => pure (g, gs)
      | [] => return .error { kind := "tactic", message := "no goals" }
    let context := { p.coreContext with
      initHeartbeats := ← IO.getNumHeartbeats, maxHeartbeats := heartbeats * 1000,
      options := maxHeartbeats.set p.coreContext.options heartbeats,
      cancelTk? := some token, fileMap := FileMap.ofString text }
    let act : TermElabM (List MVarId) := do
      let (_, s) ← (Tactic.evalTactic stx { elaborator := .anonymous, recover := false }).run
        { goals := [goal] }
      Term.synthesizeSyntheticMVarsNoPostponing
      let mut left : Array MVarId := #[]
      for g in listAppend s.goals others do
        if !(← g.isAssigned) then left := left.push g
      let value ← instantiateMVars (.mvar goal)
      if value.hasSorry then throwError "the result contains sorry"
      if left.size == 0 then
        let proof ← instantiateMVars (.mvar p.root)
        if proof.hasExprMVar then throwError "no goals are left but the proof has holes"
        if let some own := p.termContext.declName? then
          if hasName proof.getUsedConstants.toList own then throwError "the proof uses the theorem itself"
      return left.toList
    let termRef ← IO.mkRef p.termState
    let metaRef ← IO.mkRef p.metaState
    let coreRef ← IO.mkRef { p.coreState with messages := {} }
    let result ← (((act p.termContext termRef : MetaM _) p.metaContext metaRef : CoreM _) context coreRef).toBaseIO
    let core ← coreRef.get
    let logged ← loggedErrors core.messages
    match result with
    | .ok goals =>
      if logged != "" then return .error { kind := "tactic", message := logged }
      return .ok { p with
        coreState := { core with messages := {}, infoState := {}, traceState := {} }, metaState := ← metaRef.get, termState := ← termRef.get, goals }
    | .error e =>
      let message ← e.toMessageData.toString
      let message := if logged == "" then message else message ++ "\n" ++ logged
      return .error { kind := failureKind e, message }

end ProofServer
