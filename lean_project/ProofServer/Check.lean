module
public meta import Lean.Util.CollectAxioms
public import Lean.Util.CollectAxioms
public meta import ProofServer.Commands
public meta import ProofServer.Meaning
public meta import ProofServer.Replay
public import ProofServer.Commands
public import ProofServer.Meaning
public import ProofServer.Replay

/-!
# The check behind the word "proved"

Trust model: we trust Lean's kernel, the compiled elaborator that runs this file, and the toolchain's own
library. We do not trust the text that is checked, nor anything the search did. The text is elaborated in a
pristine environment of its imports; then every declaration that the theorem depends on is handed to the kernel
*again*, on top of the pristine environment, so that nothing counts that entered the elaborator's environment by
another road. What the statement means is fixed by elaborating the reference text separately.

A strict check (the search's own) asks the kernel once, not twice: the elaborator leaves it out, and then the kernel
gets everything that the text declares, at the elaborator's limit for it. If it accepts all, it would have accepted each
in its turn, and the elaborator would have done the same. If anything at all is objected, the check is done again with the
kernel in both places, and only that counts.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

/-- The axioms that a proof may use. -/
def allowedAxioms : List Name := [``propext, ``Quot.sound, ``Classical.choice]

/-- Constants of the toolchain's library that a proof must not use. -/
def unsoundConstants : List Name :=
  [``sorryAx, ``Lean.ofReduceBool, ``Lean.ofReduceNat, ``Lean.trustCompiler]

/-- Do two environments agree on everything local that `names` depend on? Returns a name they disagree on. -/
def disagreement (a b : Environment) (names : List Name) : Option Name := match names with
  | [] => none
  | n :: l => match a.find? n, b.find? n with
    | some i, some j =>
      if i.type == j.type && i.levelParams == j.levelParams && kindOf i == kindOf j && sameValue i j then disagreement a b l else some n
    | _, _ => some n
where
  kindOf (i : ConstantInfo) : Nat := match i with
    | .axiomInfo _ => 0 | .defnInfo _ => 1 | .thmInfo _ => 2 | .opaqueInfo _ => 3
    | .quotInfo _ => 4 | .inductInfo _ => 5 | .ctorInfo _ => 6 | .recInfo _ => 7
  sameValue (i j : ConstantInfo) : Bool := match i.value? (allowOpaque := true), j.value? (allowOpaque := true) with
  | some v, some w => v == w
  | none, none => true
  | _, _ => false

structure CheckInput where
  source : String
  reference : String
  names : List String
  /-- the source must be the reference with other proofs, command by command -/
  strict : Bool
  /-- this text is the user's own: its commands may run code, and its way of reading is not examined -/
  trusted : Bool
  wallMs : Nat

def axiomFindings (env : Environment) (own imported : List Name) : List Finding × List Name := Id.run do
  let mut findings : Array Finding := #[]
  let mut axioms : Array Name := #[]
  for n in imported do
    if hasName unsoundConstants n then
      findings := findings.push (if n == ``sorryAx
        then { code := "sorry", text := "the proof depends on sorry" }
        else { code := "axiom", text := s!"axiom not allowed: {nameText n}, which trusts compiled code" })
      axioms := axioms.push n
    else if hasName allowedAxioms n then axioms := axioms.push n
  for n in own do
    match env.find? n with
    | some (.axiomInfo _) =>
      findings := findings.push { code := "axiom", text := s!"axiom not allowed: {nameText n}" }
      axioms := axioms.push n
    | none => findings := findings.push { code := "missing", text := s!"{nameText n} is not declared" }
    | _ => pure ()
  return (findings.toList, axioms.toList)

/-- The library's constants that a proof names: is each a fact, and where in the order of imports is its module? -/
def usesJson (env : Environment) (names : List Name) : IO (Array Json) := do
  let context : Core.Context := { fileName := "<input>", fileMap := FileMap.ofString "" }
  let mut out : Array Json := #[]
  for n in names do
    let (some i, some index) := (env.find? n, env.getModuleIdxFor? n) | continue
    let result ← ((((isProp i.type : MetaM Bool).run' {} {}).run context { env }).toBaseIO : BaseIO _)
    let fact := match result with | .ok (b, _) => b | .error _ => true
    out := out.push (Json.mkObj [("name", jStr (nameText n)), ("fact", .bool fact), ("position", jNat index.toNat),
      ("module", jStr (match moduleOf? env n with | some m => nameText m | none => ""))])
  return out

/-- One theorem of an elaborated text. `known` is what the kernel accepted of the text already. -/
def checkTheorem (known : Replay) (env : Environment) (reference? : Option Environment) (watchdog : Watchdog)
    (wallMs : Nat) (reading : Reading) (n : Name) : IO Json := do
  let some info := env.find? n | return report n "" [] [] #[] [{ code := "missing", text := s!"the source does not declare {nameText n}" }] []
  let mut findings : Array Finding := #[]
  match info with
  | .thmInfo _ => pure ()
  | _ => findings := findings.push { code := "not_a_theorem", text := s!"{nameText n} is not a theorem" }
  if let some reference := reference? then
    match reference.find? n with
    | none => findings := findings.push { code := "statement_differs", text := s!"the reference does not state {nameText n}" }
    | some r =>
      if r.type != info.type || r.levelParams != info.levelParams then
        findings := findings.push { code := "statement_differs", text := s!"the statement of {nameText n} differs from the one asked for" }
      let (meant, _) := closure reference r.type.getUsedConstants.toList {} #[] #[]
      if let some d := disagreement reference env meant.toList then
        findings := findings.push { code := "statement_differs", text := s!"{nameText d}, which the statement uses, is not what the reference declares" }
  findings := pushAll findings reading.findings
  let (own, imported) := closure env [n] {} #[] #[]
  let (bad, axioms) ← if hasLibraryProofs env then do
      let (_, s) := ((CollectAxioms.collect n).run env).run {}
      let (bad, _) := axiomFindings env own.toList imported.toList
      let mut bad := bad
      for a in s.axioms.toList do
        if !(hasName allowedAxioms a) && listLength bad == 0 then
          bad := { code := "axiom", text := s!"axiom not allowed: {nameText a}" } :: bad
      pure (bad, s.axioms.toList)
    else pure (axiomFindings env own.toList imported.toList)
  findings := pushAll findings bad
  if findings.size == 0 then
    let token ← watchdog.arm wallMs
    let result ← replay env token n known
    watchdog.disarm
    if let some f := result.finding? then findings := findings.push f
    else match result.env.find? n with
      | some i => if i.type != info.type then findings := findings.push { code := "kernel", text := "the kernel's statement differs" }
      | none => findings := findings.push { code := "kernel", text := s!"{nameText n} did not reach the kernel" }
  let statement ← statementText env info.type (listLength reading.remarks == 0 && listLength reading.findings == 0)
  return report n statement axioms (dropSelf own.toList) (← usesJson env imported.toList) findings.toList reading.remarks
where
  dropSelf (l : List Name) : List Name := match l with
    | [] => []
    | m :: l => if m == n then dropSelf l else m :: dropSelf l
  /-- With the file's own notation about, only the form without any notation says what is meant. -/
  statementText (env : Environment) (type : Expr) (plain : Bool) : IO String := do
    let options : Options := if plain then {} else
      (((({} : Options).setBool `pp.notation false).setBool `pp.fieldNotation false).setBool `pp.explicit true).setBool `pp.fullNames true
    let context : Core.Context := { options, fileName := "<input>", fileMap := FileMap.ofString "" }
    let result ← ((((do return clip (← ppExpr type).pretty 4000 : MetaM String).run' {} {}).run context { env }).toBaseIO : BaseIO _)
    match result with
    | .ok (s, _) => return s
    | .error _ => return ""
  report (n : Name) (statement : String) (axioms own : List Name) (uses : Array Json) (findings remarks : List Finding) : Json :=
    Json.mkObj [("name", jStr (nameText n)), ("remarks", findingsJson remarks), ("accepted", .bool (match findings with | [] => true | _ => false)),
      ("statement", jStr statement), ("axioms", jStrs (nameTexts axioms)), ("dependencies", jStrs (nameTexts own)),
      ("uses", jArr uses),
      ("findings", findingsJson findings)]

/-- All theorems that the commands state, with their record. -/
def allTheorems (l : List CommandRecord) : List (Name × Syntax × CommandRecord) := match l with
  | [] => []
  | r :: l => listAppend (here r r.theorems) (allTheorems l)
where here (r : CommandRecord) (l : List (Name × Syntax)) : List (Name × Syntax × CommandRecord) := match l with
  | [] => []
  | (n, s) :: l => (n, s, r) :: here r l

/-- What a strictly checked text declares beyond the reference: only what belongs to a constant that was there. -/
def extraDeclaration (reference env : Environment) (l : List (Name × ConstantInfo)) : Option Name := match l with
  | [] => none
  | (n, _) :: l =>
    if reference.contains n || belongs n.isInternal n then extraDeclaration reference env l else some n
where belongs (internal : Bool) (n : Name) : Bool := internal || match n with
  | .str p _ => reference.contains p || belongs p.isInternal p
  | .num p _ => reference.contains p || belongs p.isInternal p
  | .anonymous => false

/-- Options that the text sets, for the record. -/
partial def optionRemarks (l : List CommandRecord) : List Finding := match l with
  | [] => []
  | r :: l => listAppend (found r.stx) (optionRemarks l)
where
  found (stx : Syntax) : List Finding :=
    if stx.getKind == `Lean.Parser.Command.in then listAppend (found (stx.getArg 0)) (found (stx.getArg 2))
    else if stx.getKind == `Lean.Parser.Command.set_option then
      [{ code := "option", text := s!"the file sets the option {nameText (optionName stx.getArgs.toList)}" }]
    else []

/-- What a check found. -/
structure Checked where
  answer : Json
  accepted : Bool
  late : Bool

/-- Elaborates and judges. The reference comes first: what it elaborates to cannot depend on the source. With `once` the
kernel is asked of everything after the elaboration, not in it. -/
def checkOnce (watchdog : Watchdog) (pristine : Environment) (input : CheckInput) (heartbeats : Nat) (once : Bool) :
    IO Checked := do
  let options := maxHeartbeats.set {} heartbeats
  let initial := startState pristine (if once then debug.skipKernelTC.set options true else options)
  let mut findings : Array Finding := #[]
  let mut reference? : Option Guarded := none
  let mut begun : Guarded := { state := initial }
  if input.reference != "" then
    let r ← elabGuarded watchdog begun input.reference trustAll input.wallMs
    if r.interrupted then findings := findings.push { code := "timeout", text := "the reference ran into the wall limit" }
    match firstError r.notes.toList with
    | some n => findings := findings.push { code := "reference", text := s!"the reference does not elaborate: line {n.line}, column {n.column}: {n.text}" }
    | none =>
      reference? := some r
      if input.strict && !r.interrupted then begun := r.sharedWith initial input.reference input.source
  let policy := match reference? with
    | some r => if input.strict then strictly r.records else guardAll
    | none => if input.trusted then trustAll else guardAll
  let done ← elabGuarded watchdog begun input.source policy input.wallMs
  let env := done.state.env
  if done.interrupted then findings := findings.push { code := "timeout", text := "elaboration ran into the wall limit" }
  let mut known : Replay := { env := pristine }
  if once then
    let token ← watchdog.arm input.wallMs
    known ← replayAll env token { env := pristine, heartbeats := Core.getMaxHeartbeats options }
    watchdog.disarm
    if let (true, some f) := (known.late, known.finding?) then findings := findings.push f
  if let some f := done.refused then findings := findings.push f
  for n in done.notes.toList do
    if n.severity == "error" && findings.size < 5 then
      findings := findings.push { code := "elaboration", text := s!"line {n.line}, column {n.column}: {n.text}" }
  if let some r := reference? then
    if input.strict && done.refused.isNone then
      if done.records.size != r.records.size then
        findings := findings.push { code := "extra_commands", text := s!"the reference has {r.records.size} commands, the text {done.records.size}" }
      if let some n := extraDeclaration r.state.env env (localConstants env) then
        findings := findings.push { code := "extra_declarations", text := s!"the text declares {nameText n}, which the reference does not" }
  let stated := allTheorems done.records.toList
  let wanted := match input.names with
    | [] => stated
    | l => choose stated l
  let examine := input.reference == "" && !input.trusted && done.refused.isNone
  let others ← if examine then readings watchdog input.wallMs initial input.source done.records.toList else pure []
  let mut reports : Array Json := #[]
  let mut accepted := known.failure.isNone && findings.size == 0
  for (n, stx, r) in wanted do
    let reading : Reading ← match env.find? n with
      | some info => if examine && stx != .missing then readingOf pristine env done.records.toList others r stx n info else pure {}
      | none => pure {}
    let report ← checkTheorem known env (reference?.map (·.state.env)) watchdog input.wallMs reading n
    reports := reports.push report
    accepted := accepted && boolField report "accepted"
  let answer := Json.mkObj [("type", jStr "check"), ("theorems", jArr reports), ("findings", findingsJson findings.toList),
    ("remarks", findingsJson (optionRemarks done.records.toList)),
    ("messages", notesJson done.notes.toList),
    ("method", jStr (if hasLibraryProofs pristine then "full" else "trusted-library"))]
  return { answer, accepted, late := done.interrupted || known.late }
where
  choose (stated : List (Name × Syntax × CommandRecord)) (l : List String) : List (Name × Syntax × CommandRecord) := match l with
    | [] => []
    | s :: l => find s stated :: choose stated l
  find (s : String) (l : List (Name × Syntax × CommandRecord)) : Name × Syntax × CommandRecord := match l with
    | [] => (s.toName, .missing, { stx := .missing, start := 0, stop := 0 })
    | (n, x) :: l => if nameText n == s || nameText (userName n) == s then (n, x) else find s l

/-- Checks a source; see `prover/lean/protocol` for the answer. -/
def checkSource (watchdog : Watchdog) (pristine : Environment) (input : CheckInput) (heartbeats : Nat) : IO Json := do
  if input.strict then
    let found ← checkOnce watchdog pristine input heartbeats true
    if found.accepted || found.late then return found.answer
  return (← checkOnce watchdog pristine input heartbeats false).answer

end ProofServer
