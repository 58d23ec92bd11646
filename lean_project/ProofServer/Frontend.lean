module
public meta import ProofServer.Compat
public import ProofServer.Compat

/-!
# Elaborating source text, command by command

Lean's own loop (`IO.processCommands`) keeps the messages of the last command only; ours keeps all of them,
tells each command's syntax, and stops at a wall limit between and inside commands.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

/-- One thread watches the wall limits of everything that runs; it sets the token of what is late. -/
structure Watchdog where
  /-- monotonic milliseconds at which the present work is late; 0 for no work -/
  deadline : IO.Ref Nat
  token : IO.Ref IO.CancelToken

partial def Watchdog.watch (w : Watchdog) : IO Unit := do
  IO.sleep 25
  let d ← w.deadline.get
  if d != 0 then
    let now ← IO.monoMsNow
    if d ≤ now then
      (← w.token.get).set
      w.deadline.set 0
  w.watch

def Watchdog.start : IO Watchdog := do
  let w : Watchdog := { deadline := ← IO.mkRef 0, token := ← IO.mkRef (← IO.CancelToken.new) }
  let _ ← IO.asTask w.watch Task.Priority.dedicated
  return w

/-- Arms the watchdog for `wallMs` milliseconds from now and returns the token it would set. -/
def Watchdog.arm (w : Watchdog) (wallMs : Nat) : IO IO.CancelToken := do
  let token ← IO.CancelToken.new
  w.token.set token
  w.deadline.set ((← IO.monoMsNow) + wallMs)
  return token

def Watchdog.disarm (w : Watchdog) : IO Unit := w.deadline.set 0

/-- A message of Lean with its position. -/
structure Note where
  severity : String
  text : String
  line : Nat
  column : Nat

def Note.toJson (n : Note) : Json :=
  Json.mkObj [("severity", jStr n.severity), ("text", jStr (clip n.text 4000)), ("line", jNat n.line),
    ("column", jNat n.column)]

def notesJson (l : List Note) : Json := jArr (go l #[])
where go (l : List Note) (acc : Array Json) : Array Json := match l with
  | [] => acc
  | n :: l => go l (acc.push n.toJson)

def notesOf (log : MessageLog) : IO (Array Note) := do
  let mut notes : Array Note := #[]
  for m in log.toList do
    let severity := match m.severity with
      | .error => "error"
      | .warning => "warning"
      | .information => "information"
    notes := notes.push
      { severity, text := ← m.data.toString, line := m.pos.line, column := m.pos.column }
  return notes

def firstError (l : List Note) : Option Note := match l with
  | [] => none
  | n :: l => if n.severity == "error" then some n else firstError l

/-- What elaborating a text gave: the final state, every message, every command with its info trees. -/
structure Elaborated where
  state : Command.State
  notes : Array Note := #[]
  commands : Array (Syntax × List InfoTree) := #[]
  interrupted : Bool := false

/-- Does this environment carry the proofs of its library (else they look like axioms)? -/
def hasLibraryProofs (env : Environment) : Bool :=
  match env.find? ``Nat.add_comm with
  | some (.thmInfo _) => true
  | _ => false

/-- The state that a text is elaborated on. The embedded build lacks compiled code of some library functions; there
definitions need no code of their own (as in a `noncomputable section`), which changes nothing that the kernel sees. -/
def startState (env : Environment) (options : Options) : Command.State :=
  let state := Command.mkState env {} options
  if hasLibraryProofs env then state
  else { state with scopes := [{ header := "", opts := options, isNoncomputable := true }] }

/-- Elaborates one command on `state`; exceptions of the elaborator become messages, as in Lean's own loop. -/
def elabCommand (input : Parser.InputContext) (pos : String.Pos.Raw) (stx : Syntax) (state : Command.State)
    (token : IO.CancelToken) : IO Command.State := do
  let ref ← IO.mkRef state
  let context : Command.Context :=
    { cmdPos := pos, fileName := input.fileName, fileMap := input.fileMap, snap? := none, cancelTk? := some token }
  let _ ← EIO.toBaseIO ((Command.elabCommandTopLevel stx) context ref)
  ref.get

partial def elabCommands (input : Parser.InputContext) (parser : Parser.ModuleParserState)
    (acc : Elaborated) (token : IO.CancelToken) : IO Elaborated := do
  let scope := match acc.state.scopes with
    | s :: _ => s
    | [] => { header := "" }
  let context : Parser.ParserModuleContext :=
    { env := acc.state.env, options := scope.opts, currNamespace := scope.currNamespace,
      openDecls := scope.openDecls }
  let start := parser.pos
  let (stx, parser, log) := Parser.parseCommand input context parser {}
  let notes ← notesOf log
  let acc := { acc with notes := pushAll acc.notes notes.toList }
  if Parser.isTerminalCommand stx then return acc
  let state := { acc.state with messages := {}, infoState := { acc.state.infoState with trees := {} } }
  let state ← elabCommand input start stx state token
  let notes ← notesOf state.messages
  let acc := { acc with
    state, notes := pushAll acc.notes notes.toList,
    commands := acc.commands.push (stx, (persistentArrayElements state.infoState.trees).toList) }
  if ← token.isSet then return { acc with interrupted := true }
  elabCommands input parser acc token

/-- Elaborates `source` (no import lines) on top of `state`. -/
def elabSource (watchdog : Watchdog) (state : Command.State) (source : String) (infoTrees : Bool)
    (wallMs : Nat) : IO Elaborated := do
  let input : Parser.InputContext :=
    { inputString := source, fileName := "<input>", fileMap := FileMap.ofString source }
  let state := { state with infoState := { state.infoState with enabled := infoTrees, trees := {} } }
  let token ← watchdog.arm wallMs
  let result ← elabCommands input {} { state } token
  watchdog.disarm
  return result

end ProofServer
