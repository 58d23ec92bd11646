module
public meta import ProofServer.Goals
public meta import ProofServer.Check
public meta import ProofServer.Export
public meta import ProofServer.Library
public import ProofServer.Goals
public import ProofServer.Check
public import ProofServer.Export
public import ProofServer.Library

/-!
# The server: one JSON object a line in, one out

See `prover/lean/protocol` for every message.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

def protocolVersion : Nat := 1

structure OpenEnvironment where
  request : String
  imports : List String
  state : Command.State
  notes : List Note
  definitions : List String

structure Server where
  watchdog : Watchdog
  /-- pristine environments of imports alone, shared by all that import the same -/
  bases : IO.Ref (List (String × Environment))
  environments : IO.Ref (Array (Option OpenEnvironment))
  states : IO.Ref (Array (Option ProofState))
  steps : IO.Ref Nat

abbrev Reply := Except Refusal Json

def refuse (kind message : String) : Reply := .error { kind, message }

/-- The environment of some imports, with the extensions (syntax, attributes) loaded. -/
def Server.base (s : Server) (imports : List String) : IO (Except Refusal Environment) := do
  let key := joinWith "+" imports
  for (k, e) in ← s.bases.get do
    if k == key then return .ok e
  let mut modules : Array Import := #[]
  for m in imports do modules := modules.push { module := m.toName }
  try
    let env ← importModules (loadExts := true) modules {}
    s.bases.modify fun l => (key, env) :: l
    return .ok env
  catch e => return .error { kind := "unknown_import", message := toString e }

/-- Functions and theorems that the header itself declares. -/
def declaredNames (env : Environment) : List String :=
  listAppend (writtenFunctions env (go (localConstants env))) (theorems (writtenTheorems env))
where
  theorems (l : List (Name × Expr)) : List String := match l with
    | [] => []
    | (n, _) :: l => nameText n :: theorems l
  go (l : List (Name × ConstantInfo)) : List Name := match l with
  | [] => []
  | (n, _) :: l => n :: go l

def handleOpenEnvironment (s : Server) (j : Json) : IO Reply := do
  let imports := strsField j "imports"
  let header := strField j "header"
  let request := joinWith "+" imports ++ "\n" ++ header
  let known ← s.environments.get
  let mut i := 0
  for e in known.toList do
    if let some e := e then
      if e.request == request then return .ok (reply i e)
    i := i + 1
  match ← s.base imports with
  | .error r => return .error r
  | .ok env =>
    let done ← elabSource s.watchdog (startState env {}) header false (natField j "wall_ms" 60000)
    if done.interrupted then return refuse "timeout" "the header takes too long to elaborate"
    if let some n := firstError done.notes.toList then
      return .error { kind := "elaboration", message := n.text, line := n.line, column := n.column }
    let opened : OpenEnvironment :=
      { request, imports, state := done.state, notes := done.notes.toList, definitions := declaredNames done.state.env }
    s.environments.modify fun a => a.push (some opened)
    return .ok (reply i opened)
where reply (i : Nat) (e : OpenEnvironment) : Json :=
  Json.mkObj [("type", jStr "open_environment"), ("environment", jNat i), ("messages", notesJson e.notes),
    ("definitions", jStrs e.definitions)]

def Server.environment? (s : Server) (j : Json) : IO (Except Refusal OpenEnvironment) := do
  match (← s.environments.get)[natField j "environment"]? with
  | some (some e) => return .ok e
  | _ => return .error { kind := "unknown_environment", message := "no such environment" }

def Server.keep (s : Server) (p : ProofState) : IO Nat := do
  let id := (← s.states.get).size
  s.states.modify fun a => a.push (some p)
  return id

/-- The `sorry`s of elaborated commands, outermost first, as (position, is a tactic, how to capture it). -/
def sorriesOf (commands : List (Syntax × List InfoTree)) : IO (Array (Nat × Nat × Bool × Name × ProofState)) := do
  let mut found : Array (Nat × Nat × Bool × Name × ProofState) := #[]
  for (_, trees) in commands do
    for (c, i, _) in allNodes trees do
      match i with
      | .ofTacticInfo t =>
        if t.stx.getKind == `Lean.Parser.Tactic.tacticSorry then
          if let (some a, some b) := (t.stx.getPos? (canonicalOnly := true), t.stx.getTailPos? (canonicalOnly := true)) then
            let p ← capture c t.mctxBefore {} (pure t.goalsBefore)
            found := found.push (a.byteIdx, b.byteIdx, true, c.parentDecl?.getD .anonymous, p)
      | .ofTermInfo t =>
        if t.stx.getKind == `Lean.Parser.Term.sorry then
          if let (some a, some b) := (t.stx.getPos? (canonicalOnly := true), t.stx.getTailPos? (canonicalOnly := true)) then
            if let some type := t.expectedType? then
              if !seenAt a.byteIdx found.toList then
                let p ← capture c c.mctx t.lctx do
                  let type ← instantiateMVars type
                  let m ← mkFreshExprSyntheticOpaqueMVar type
                  pure [m.mvarId!]
                found := found.push (a.byteIdx, b.byteIdx, false, c.parentDecl?.getD .anonymous, p)
      | _ => pure ()
  return found
where seenAt (a : Nat) (l : List (Nat × Nat × Bool × Name × ProofState)) : Bool := match l with
  | [] => false
  | (b, _) :: l => a == b || seenAt a l

/-- Is this command a theorem (not an example, definition, …)? -/
def theoremId? (stx : Syntax) : Option Name :=
  if stx.getKind == `Lean.Parser.Command.declaration then
    let d := stx.getArg 1
    if d.getKind == `Lean.Parser.Command.theorem then
      some ((d.getArg 1).getArg 0).getId
    else none
  else none

def handleOpenGoal (s : Server) (j : Json) : IO Reply := do
  match ← s.environment? j with
  | .error r => return .error r
  | .ok e =>
    let statement := strField j "statement"
    let done ← elabSource s.watchdog e.state (statement ++ " := by sorry\n") true (natField j "wall_ms" 60000)
    if done.interrupted then return refuse "timeout" "the statement takes too long to elaborate"
    let name? : Option Name := match done.commands.toList with
      | (stx, _) :: _ => theoremId? stx
      | [] => none
    let ns := match e.state.scopes with
      | c :: _ => c.currNamespace
      | [] => .anonymous
    if let some n := name? then
      if e.state.env.contains (ns ++ n) then
        return refuse "name_taken" s!"the name {nameText (ns ++ n)} is already declared; give the theorem another name"
    if let some n := firstError done.notes.toList then
      return .error { kind := if done.commands.size == 0 then "parse" else "elaboration", message := n.text, line := n.line, column := n.column }
    if done.commands.size != 1 || name?.isNone then
      return refuse "bad_request" "the statement must be exactly one theorem without its proof"
    match (← sorriesOf done.commands.toList).toList with
    | [(_, _, _, name, p)] =>
      let id ← s.keep p
      return .ok (Json.mkObj [("type", jStr "open_goal"), ("state", ← viewJson id p), ("name", jStr (nameText name))])
    | _ => return refuse "no_goal" "the statement itself contains sorry, or has no goal"

def handleOpenSorries (s : Server) (j : Json) : IO Reply := do
  match ← s.environment? j with
  | .error r => return .error r
  | .ok e =>
    let source := strField j "source"
    let done ← elabSource s.watchdog e.state source true (natField j "wall_ms" 120000)
    if done.interrupted then return refuse "timeout" "the source takes too long to elaborate"
    let map := FileMap.ofString source
    let mut out : Array Json := #[]
    for (a, b, isTactic, declaration, p) in (← sorriesOf done.commands.toList).toList do
      let id ← s.keep p
      let pos := map.toPosition ⟨a⟩
      out := out.push (Json.mkObj [("declaration", jStr (nameText declaration)), ("start", jNat a), ("end", jNat b),
        ("line", jNat pos.line), ("column", jNat pos.column), ("is_tactic", .bool isTactic), ("state", ← viewJson id p)])
    return .ok (Json.mkObj [("type", jStr "open_sorries"), ("sorries", jArr out), ("messages", notesJson done.notes.toList)])

def stepOne (s : Server) (p : ProofState) (call : Json) (heartbeats wall : Nat) : IO Json := do
  let start ← IO.monoNanosNow
  let own := natField call "heartbeats"
  let heartbeats := if own == 0 then heartbeats else own
  let own := natField call "wall_ms"
  let wall := if own == 0 then wall else own
  let token ← s.watchdog.arm wall
  let result ← try applyTactic p (strField call "text") heartbeats token
    catch e => pure (.error { kind := "tactic", message := toString e })
  s.watchdog.disarm
  s.steps.modify (· + 1)
  let fields ← match result with
    | .ok q =>
      let id ← s.keep q
      try
        let view ← viewJson id q
        pure [("status", jStr (if listLength q.goals == 0 then "finished" else "progress")), ("state", view)]
      catch e => pure [("status", jStr "failed"), ("kind", jStr "tactic"), ("message", jStr (toString e))]
    | .error r => pure [("status", jStr "failed"), ("kind", jStr r.kind), ("message", jStr (clip r.message 1500)),
        ("line", jNat r.line), ("column", jNat r.column)]
  let stop ← IO.monoNanosNow
  return Json.mkObj (("us", jNat ((stop - start) / 1000)) :: fields)

def Server.state? (s : Server) (j : Json) : IO (Except Refusal ProofState) := do
  match (← s.states.get)[natField j "state"]? with
  | some (some p) => return .ok p
  | _ => return .error { kind := "unknown_state", message := s!"no state {natField j "state"}" }

def handleStep (s : Server) (j : Json) : IO Reply := do
  match ← s.state? j with
  | .error r => return .error r
  | .ok p =>
    let mut results : Array Json := #[]
    for call in arrField j "tactics" do
      results := results.push (← stepOne s p call (natField j "heartbeats" 200000) (natField j "wall_ms" 10000))
    return .ok (Json.mkObj [("type", jStr "step"), ("results", jArr results)])

def handleDescribe (s : Server) (j : Json) : IO Reply := do
  match ← s.state? j with
  | .error r => return .error r
  | .ok p => match ← goalsJson p with
    | .error r => return .error r
    | .ok goals => return .ok (Json.mkObj [("type", jStr "describe"), ("goals", goals)])

def handleCheck (s : Server) (j : Json) : IO Reply := do
  match ← s.base (strsField j "imports") with
  | .error r => return .error r
  | .ok env =>
    let input : CheckInput :=
      { source := strField j "source", reference := strField j "reference", names := strsField j "names",
        strict := boolField j "strict", trusted := boolField j "trusted", wallMs := natField j "wall_ms" 120000 }
    return .ok (← checkSource s.watchdog env input (natField j "heartbeats" 200000))

def handleExport (s : Server) (j : Json) (own : Bool) : IO Reply := do
  match ← s.base (strsField j "imports") with
  | .error r => return .error r
  | .ok env =>
    let names := strsField j "names"
    if own then return .ok (← exportSource s.watchdog env (strField j "source") names (natField j "wall_ms" 120000))
    else return .ok (← exportConstants env names)

def handleDeclarations (s : Server) (j : Json) : IO Reply := do
  match ← s.environment? j with
  | .error r => return .error r
  | .ok e =>
    let selection : Selection :=
      { modules := strsField j "modules", kinds := strsField j "kinds", names := strsField j "names",
        own := boolField j "own", withTypes := boolField j "with_types", offset := natField j "offset",
        limit := natField j "limit" 1000,
        fromModule := natField j "from_module", wholeModules := natField j "whole_modules" }
    return .ok (← runOnEnvironment e.state.env (declarationsJson e.state.env selection))

def handleTrace (s : Server) (j : Json) : IO Reply := do
  match ← s.environment? j with
  | .error r => return .error r
  | .ok e =>
    let source := strField j "source"
    let done ← elabSource s.watchdog e.state source true (natField j "wall_ms" 120000)
    if done.interrupted then return refuse "timeout" "the source takes too long to elaborate"
    return .ok (Json.mkObj [("type", jStr "trace"), ("tactics", jArr (← traceJson source done.state.env done.commands.toList)),
      ("declarations", jArr (tracedDeclarations source done.state.env done.commands.toList)), ("messages", notesJson done.notes.toList)])

def handleRelease (s : Server) (j : Json) : IO Reply := do
  for i in natsField j "states" do
    s.states.modify fun a => if i < a.size then a.set! i none else a
  for i in natsField j "environments" do
    s.environments.modify fun a => if i < a.size then a.set! i none else a
  return .ok (Json.mkObj [("type", jStr "release"), ("states", jNat (held (← s.states.get).toList 0))])
where held (l : List (Option ProofState)) (n : Nat) : Nat := match l with
  | [] => n
  | none :: l => held l n
  | some _ :: l => held l (n + 1)

def handleStatistics (s : Server) : IO Reply := do
  return .ok (Json.mkObj [("type", jStr "statistics"), ("steps", jNat (← s.steps.get)),
    ("states", jNat (handleRelease.held (← s.states.get).toList 0)),
    ("environments", jNat (openOnes (← s.environments.get).toList 0)), ("heap", jNat 0)])
where openOnes (l : List (Option OpenEnvironment)) (n : Nat) : Nat := match l with
  | [] => n
  | none :: l => openOnes l n
  | some _ :: l => openOnes l (n + 1)

def handleParseHeader (j : Json) : IO Reply := do
  let source := strField j "source"
  let input : Parser.InputContext := { inputString := source, fileName := "<input>", fileMap := FileMap.ofString source }
  let (header, parser, log) ← Parser.parseHeader input
  if let some n := firstError (← notesOf log).toList then
    return .error { kind := "parse", message := n.text, line := n.line, column := n.column }
  let mut imports : Array Json := #[]
  for i in (headerToImports header).toList do imports := imports.push (jStr (nameText i.module))
  return .ok (Json.mkObj [("type", jStr "parse_header"), ("imports", jArr imports), ("body", jNat parser.pos.byteIdx),
    ("module", .bool (!(header.raw.getArg 0).isNone)), ("prelude", .bool (!(header.raw.getArg 1).isNone))])

def helloJson : Json :=
  Json.mkObj [("type", jStr "hello"), ("lean", jStr Lean.versionString), ("protocol", jNat protocolVersion)]

def handle (s : Server) (j : Json) : IO Reply := do
  if natField j "v" != protocolVersion then
    return refuse "version" s!"this server speaks protocol {protocolVersion}"
  match strField j "op" with
  | "hello" => return .ok helloJson
  | "parse_header" => handleParseHeader j
  | "open_environment" => handleOpenEnvironment s j
  | "open_goal" => handleOpenGoal s j
  | "open_sorries" => handleOpenSorries s j
  | "step" => handleStep s j
  | "describe" => handleDescribe s j
  | "check" => handleCheck s j
  | "declarations" => handleDeclarations s j
  | "trace" => handleTrace s j
  | "export" => handleExport s j true
  | "constants" => handleExport s j false
  | "release" => handleRelease s j
  | "statistics" => handleStatistics s
  | "exit" => return .ok (Json.mkObj [("type", jStr "exit")])
  | op => return refuse "bad_request" s!"unknown op {op}"

def answerJson (id us : Nat) (r : Reply) : Json :=
  match r with
  | .ok j => Json.mkObj [("id", jNat id), ("ok", j), ("us", jNat us)]
  | .error e => Json.mkObj [("id", jNat id), ("error", e.toJson), ("us", jNat us)]

partial def serve (s : Server) (input output : IO.FS.Stream) : IO Unit := do
  let line ← input.getLine
  if line.isEmpty then return
  let start ← IO.monoNanosNow
  let (id, op, reply) ← match Json.parse line with
    | .error e => pure (0, "", refuse "bad_request" s!"not JSON: {e}")
    | .ok j =>
      let reply ← try handle s j catch e => pure (refuse "internal" (toString e))
      pure (natField j "id", strField j "op", reply)
  let stop ← IO.monoNanosNow
  output.putStrLn (answerJson id ((stop - start) / 1000) reply).compress
  output.flush
  if op == "exit" then return
  serve s input output

/-- Opens the streams and answers until the input ends. -/
def run (bases : IO.Ref (List (String × Environment))) : IO Unit := do
  let input := IO.FS.Stream.ofHandle (← IO.FS.Handle.mk "/dev/stdin" .read)
  let output := IO.FS.Stream.ofHandle (← IO.FS.Handle.mk "/dev/stdout" .write)
  output.putStrLn (answerJson 0 0 (.ok helloJson)).compress
  output.flush
  serve { watchdog := ← Watchdog.start, bases, environments := ← IO.mkRef #[], states := ← IO.mkRef #[], steps := ← IO.mkRef 0 }
    input output

/-- Elaborates a theorem that touches the tactics' own tables, so that the first real one need not build them. -/
def warmUp (base : Environment) : IO Unit := do
  let watchdog : Watchdog := { deadline := ← IO.mkRef 0, token := ← IO.mkRef (← IO.CancelToken.new) }
  let _ ← elabSource watchdog (startState base {})
    "theorem warm_up (a b : Nat) (xs : List Nat) (h : a < b) : (xs ++ []).length + a < b + xs.length ∧ a ≠ b := by\n  constructor\n  · simp; omega\n  · grind\n"
    true 60000

/-- Offers the embedded host an image of this process's memory, from which later ones start at `resume`. Other
hosts have no such device; there this does nothing. -/
unsafe def offerImage (resume : IO Unit) : IO Unit := do
  try
    let device ← IO.FS.Handle.mk "/dev/lean-image" .write
    device.putStr (Nat.repr (ptrAddrUnsafe resume).toNat)
    device.flush
  catch _ => pure ()

/-- Nothing may be open and no thread started before the image is offered. -/
unsafe def main : IO Unit := do
  let base ← importModules (loadExts := true) #[{ module := `Init }] {}
  let bases ← IO.mkRef [("Init", base)]
  warmUp base
  offerImage (run bases)
  run bases

end ProofServer

syntax (name := serveCommand) "#serve" : command

@[command_elab serveCommand] unsafe def elabServe : Command.CommandElab := fun _ => do
  ProofServer.main
