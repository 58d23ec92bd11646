module
public meta import ProofServer.Goals
public import ProofServer.Goals

/-!
# Declarations of the library, and traces of source text
-/
open Lean Elab Meta
public meta section
namespace ProofServer

/-! ## Declarations -/

def kindText (i : ConstantInfo) (prop : Bool) : String := match i with
  | .thmInfo _ => "theorem"
  | .defnInfo _ => "definition"
  | .opaqueInfo _ => "opaque"
  | .inductInfo _ => "inductive"
  | .ctorInfo _ => "constructor"
  | .recInfo _ => "recursor"
  | .quotInfo _ => "quotient"
  -- at the embedded toolchain's level of import, a theorem comes without its proof and looks like an axiom
  | .axiomInfo _ => if prop then "theorem" else "axiom"

def hasPrefix (s : List String) (n : Name) : Bool := match s with
  | [] => true
  | l => go l (nameText n)
where go (l : List String) (t : String) : Bool := match l with
  | [] => false
  | p :: l => t == p || (p ++ ".").isPrefixOf t || go l t

def conclusionOf (e : Expr) : Expr := match e with
  | .forallE _ _ b _ => conclusionOf b
  | .mdata _ e => conclusionOf e
  | e => e

/-- The head constants of the last two arguments of a relation: what a rewrite would look for. -/
def sideHeads (e : Expr) : List String := match e with
  | .app (.app _ a) b => [headText a, headText b]
  | .app _ a => [headText a]
  | _ => []

structure Listing where
  skipped : Nat := 0
  total : Nat := 0
  out : Array Json := #[]

/-- Which declarations are asked for: empty lists mean all; `own` means those that are not imported. -/
structure Selection where
  modules : List String
  kinds : List String
  names : List String
  own : Bool
  withTypes : Bool
  offset : Nat
  limit : Nat

def declarationJson (env : Environment) (n module : Name) (i : ConstantInfo) (kind : String) (prop withTypes : Bool) :
    MetaM Json := do
  let conclusion := conclusionOf i.type
  let fields := [("name", jStr (nameText n)), ("kind", jStr kind), ("module", jStr (nameText module)), ("is_prop", .bool prop),
    ("symbols", jStrs (nameTexts (dropPlumbing (constantsOf i.type)))), ("head", jStr (headText conclusion)),
    ("sides", jStrs (sideHeads conclusion)), ("term", jStr (if prop then termText env {} conclusion 80 else ""))]
  if !withTypes then return Json.mkObj fields
  let text ← (try pure (clip (← ppExpr i.type).pretty 2000) catch _ => pure "")
  return Json.mkObj (("type", jStr text) :: ("statement", jStr (if prop then termText env {} i.type 200 else "")) :: fields)

def addDeclaration (env : Environment) (s : Selection) (r : Listing) (n module : Name) (i : ConstantInfo) : MetaM Listing := do
  if n.isInternalDetail || isPrivateName n then return r
  let prop ← match i with
    | .thmInfo _ => pure true
    | .axiomInfo _ | .opaqueInfo _ => (try isProp i.type catch _ => pure false)
    | _ => pure false
  let kind := kindText i prop
  if !(match s.kinds with | [] => true | l => seenText l kind) then return r
  let r := { r with total := r.total + 1 }
  if r.total ≤ s.offset || s.limit ≤ r.out.size then return r
  return { r with out := r.out.push (← declarationJson env n module i kind prop s.withTypes) }

def declarationsJson (env : Environment) (s : Selection) : MetaM Json := do
  let mut r : Listing := {}
  match s.names with
  | [] =>
    if s.own then
      for (n, i) in localConstants env do r ← addDeclaration env s r n .anonymous i
    else
      let mut names := env.header.moduleNames.toList
      for data in env.header.moduleData.toList do
        let module := match names with | m :: _ => m | [] => .anonymous
        names := match names with | _ :: l => l | [] => []
        if !hasPrefix s.modules module then continue
        for n in data.constNames.toList do
          let some i := env.find? n | continue
          r ← addDeclaration env s r n module i
  | l =>
    for text in l do
      let n := text.toName
      let some i := env.find? n | continue
      r ← addDeclaration env s r n ((moduleOf? env n).getD .anonymous) i
  return Json.mkObj [("type", jStr "declarations"), ("declarations", jArr r.out), ("total", jNat r.total)]

/-- Runs `x` on an environment alone. -/
def runOnEnvironment {α : Type} (env : Environment) (x : MetaM α) : IO α := do
  let context : Core.Context := { fileName := "<library>", fileMap := FileMap.ofString "", maxHeartbeats := 0 }
  let result ← (((x.run' {} {}).run context { env }).toBaseIO : BaseIO _)
  match result with
  | .ok (a, _) => return a
  | .error e => throw (IO.userError (← e.toMessageData.toString))

/-! ## Traces -/

def goalsTextIn (c : ContextInfo) (mctx : MetavarContext) (goals : List MVarId) : IO String :=
  runInContext { c with mctx } {} (goalsText goals)

/-- Syntax that only holds tactics together: not a step of its own. -/
def isGlue (k : SyntaxNodeKind) : Bool :=
  k == nullKind || k == `Lean.Parser.Tactic.tacticSeq || k == `Lean.Parser.Tactic.tacticSeq1Indented ||
  k == `Lean.Parser.Tactic.tacticSeqBracketed || k == `Lean.Parser.Term.byTactic ||
  k == `Lean.Parser.Tactic.paren || k == `Lean.cdot || k == `cdotTk || k == `Lean.cdotTk ||
  k == `Lean.Parser.Tactic.«tactic_<;>_» || k == `Lean.Parser.Tactic.inductionAlt || k == `Lean.Parser.Tactic.inductionAlts

def premisesOf (map : FileMap) (env : Environment) (c : ContextInfo) (trees : List InfoTree) : Array Json := Id.run do
  let mut seen : List String := []
  let mut out : Array Json := #[]
  for t in trees do
    for (_, i, _) in (infoNodes t (some c) #[]).toList do
      match i with
      | .ofTermInfo ti =>
        match ti.expr.getAppFn with
        | .const n _ =>
          if ti.stx.isIdent && !seenText seen (nameText n) then
            seen := nameText n :: seen
            let pos := match ti.stx.getPos? with
              | some p => map.toPosition p
              | none => ⟨0, 0⟩
            let module := match moduleOf? env n with | some m => nameText m | none => ""
            out := out.push (Json.mkObj [("name", jStr (nameText n)), ("module", jStr module), ("line", jNat pos.line), ("column", jNat pos.column)])
        | _ => pure ()
      | _ => pure ()
  return out

/-- Every tactic of the elaborated commands, in order, with the states around it. -/
def traceJson (source : String) (env : Environment) (commands : List (Syntax × List InfoTree)) : IO (Array Json) := do
  let map := FileMap.ofString source
  let mut out : Array Json := #[]
  for (_, trees) in commands do
    for (c, i, children) in allNodes trees do
      match i with
      | .ofTacticInfo t =>
        let k := t.stx.getKind
        if isGlue k then continue
        match t.stx.getHeadInfo with
        | .original .. =>
          let (some a, some b) := (t.stx.getPos? (canonicalOnly := true), t.stx.getTailPos? (canonicalOnly := true)) | continue
          let text := String.Pos.Raw.extract source a b
          -- the `by` keyword itself shows up as a node of its own
          if text == "by" then continue
          let before ← goalsTextIn c t.mctxBefore t.goalsBefore
          let after ← goalsTextIn c t.mctxAfter t.goalsAfter
          let p := map.toPosition a
          let q := map.toPosition b
          out := out.push (Json.mkObj [("declaration", jStr (nameText (c.parentDecl?.getD .anonymous))),
            ("kind", jStr (nameText k)), ("tactic", jStr text), ("start", jArr #[jNat p.line, jNat p.column]),
            ("end", jArr #[jNat q.line, jNat q.column]), ("state_before", jStr before), ("state_after", jStr after),
            ("premises", jArr (premisesOf map env c children))])
        | _ => pure ()
      | _ => pure ()
  return out

end ProofServer
