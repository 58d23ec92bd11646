module
public meta import ProofServer.Commands
public meta import ProofServer.Goals
public import ProofServer.Commands
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

/-- What a definition, as far as its body is there to be unfolded, or an inductive type speaks of. -/
def unfoldsTo (env : Environment) (i : ConstantInfo) : Array String := match i with
  | .defnInfo v => add (dropPlumbing (constantsOf v.value)) #[]
  | .inductInfo v => fields v.ctors #[]
  | _ => #[]
where
  add (names : List Name) (found : Array String) : Array String := match names with
    | [] => found
    | n :: rest => if 64 ≤ found.size then found else add rest (found.push (nameText n))
  fields (constructors : List Name) (found : Array String) : Array String := match constructors with
    | [] => found
    | c :: rest => match env.find? c with
      | some i => fields rest (add (dropPlumbing (constantsOf i.type)) found)
      | none => fields rest found

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
  /-- The position of the module to begin with, in the order of imports. -/
  fromModule : Nat
  /-- Where it is not 0: go on to the end of the module in which so many are reached, and say which is next. -/
  wholeModules : Nat

def declarationJson (env : Environment) (n module : Name) (position : Nat) (i : ConstantInfo) (kind : String)
    (prop withTypes : Bool) : MetaM Json := do
  let conclusion := conclusionOf i.type
  let fields := [("name", jStr (nameText n)), ("kind", jStr kind), ("module", jStr (nameText module)),
    ("position", jNat position), ("is_prop", .bool prop),
    ("is_projection", .bool (env.isProjectionFn n)), ("is_instance", .bool (Meta.isInstanceCore env n)),
    ("symbols", jStrs (nameTexts (dropPlumbing (constantsOf i.type)))), ("head", jStr (headText conclusion)),
    ("sides", jStrs (sideHeads conclusion)), ("term", jStr (if prop then termText env {} conclusion 80 else "")),
    ("unfolds", jStrs (if prop then [] else (unfoldsTo env i).toList))]
  if !withTypes then return Json.mkObj fields
  let text ← (try pure (clip (← ppExpr i.type).pretty 2000) catch _ => pure "")
  return Json.mkObj (("type", jStr text) :: ("statement", jStr (if prop then termText env {} i.type 200 else "")) :: fields)

def addDeclaration (env : Environment) (s : Selection) (r : Listing) (n module : Name) (position : Nat)
    (i : ConstantInfo) : MetaM Listing := do
  if n.isInternalDetail || isPrivateName n then return r
  let prop ← match i with
    | .thmInfo _ => pure true
    | .axiomInfo _ | .opaqueInfo _ => (try isProp i.type catch _ => pure false)
    | _ => pure false
  let kind := kindText i prop
  if !(match s.kinds with | [] => true | l => seenText l kind) then return r
  let r := { r with total := r.total + 1 }
  if r.total ≤ s.offset || s.limit ≤ r.out.size then return r
  return { r with out := r.out.push (← declarationJson env n module position i kind prop s.withTypes) }

def declarationsJson (env : Environment) (s : Selection) : MetaM Json := do
  let mut r : Listing := {}
  let mut next := 0
  match s.names with
  | [] =>
    if s.own then
      for (n, i) in localConstants env do r ← addDeclaration env s r n .anonymous 0 i
    else
      let mut names := env.header.moduleNames.toList
      let mut index := 0
      for data in env.header.moduleData.toList do
        let module := match names with | m :: _ => m | [] => .anonymous
        names := match names with | _ :: l => l | [] => []
        index := index + 1
        if index ≤ s.fromModule || !hasPrefix s.modules module then continue
        if s.wholeModules != 0 && s.wholeModules ≤ r.out.size then
          next := index - 1
          break
        for n in data.constNames.toList do
          let some i := env.find? n | continue
          r ← addDeclaration env s r n module (index - 1) i
  | l =>
    for text in l do
      let n := text.toName
      let some i := env.find? n | continue
      r ← addDeclaration env s r n ((moduleOf? env n).getD .anonymous) 0 i
  return Json.mkObj [("type", jStr "declarations"), ("declarations", jArr r.out), ("total", jNat r.total),
    ("next_module", jNat next)]

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

/-- Every written occurrence of a constant in a tactic. -/
def premisesOf (map : FileMap) (env : Environment) (c : ContextInfo) (trees : List InfoTree) : Array Json := Id.run do
  let mut found : List (Nat × Nat × Json) := []
  for t in trees do
    for (_, i, _) in (infoNodes t (some c) #[]).toList do
      match i with
      | .ofTermInfo ti =>
        match ti.expr.getAppFn with
        | .const n _ =>
          if ti.stx.isIdent then
            let (some a, some b) := (ti.stx.getPos? (canonicalOnly := true), ti.stx.getTailPos? (canonicalOnly := true)) | continue
            let p := map.toPosition a
            let q := map.toPosition b
            let module := match moduleOf? env n with | some m => nameText m | none => ""
            found := put found a.byteIdx b.byteIdx (Json.mkObj [("name", jStr (nameText (userName n))), ("module", jStr module),
              ("line", jNat p.line), ("column", jNat p.column), ("end_column", jNat q.column)])
        | _ => pure ()
      | _ => pure ()
  let mut out : Array Json := #[]
  for (_, _, j) in found do out := out.push j
  return out
where
  /-- Of the names that begin at one place the shortest stays: in `not_exists.mp` the lemma, not what turns it. -/
  put (l : List (Nat × Nat × Json)) (start stop : Nat) (j : Json) : List (Nat × Nat × Json) := match l with
    | [] => [(start, stop, j)]
    | (a, b, k) :: r =>
      if a == start then if stop < b then (start, stop, j) :: r else l
      else (a, b, k) :: put r start stop j

/-- The named declarations in a command's syntax: what holds its modifiers too, itself, its `declId`. -/
partial def declaredIn (outer stx : Syntax) : List (Syntax × Syntax × Syntax) := match stx with
  | .node _ k args =>
    if isProofKind k then []
    else
      let outer := if k == `Lean.Parser.Command.declaration then stx else outer
      go (match outer with | .missing => stx | s => s) stx args.toList
  | _ => []
where go (outer stx : Syntax) (l : List Syntax) : List (Syntax × Syntax × Syntax) := match l with
  | [] => []
  | s :: l =>
    if s.getKind == `Lean.Parser.Command.declId then (outer, stx, s) :: go outer stx l
    else listAppend (declaredIn outer s) (go outer stx l)

def rangeJson (map : FileMap) (stx : Syntax) : Json := match stx.getPos?, stx.getTailPos? with
  | some a, some b =>
    let p := map.toPosition a
    let q := map.toPosition b
    jArr #[jNat p.line, jNat p.column, jNat q.line, jNat q.column]
  | _, _ => jArr #[]

/-- The constant that a `declId` declared: Lean notes it as a binder there. -/
def declaredAt? (pos : Option String.Pos.Raw) (l : List (ContextInfo × Info × List InfoTree)) : Option Name := match l with
  | [] => none
  | (_, .ofTermInfo t, _) :: l => match t.isBinder, t.expr.getAppFn with
    | true, .const n _ => if t.stx.getPos? == pos then some n else declaredAt? pos l
    | _, _ => declaredAt? pos l
  | _ :: l => declaredAt? pos l

/-- The declarations that a text itself makes, with their ranges. -/
def tracedDeclarations (source : String) (env : Environment) (commands : List (Syntax × List InfoTree)) : Array Json := Id.run do
  let map := FileMap.ofString source
  let mut out : Array Json := #[]
  for (stx, trees) in commands do
    let nodes := allNodes trees
    for (whole, keyword, id) in declaredIn .missing stx do
      let some n := declaredAt? id.getPos? nodes | continue
      let some i := env.find? n | continue
      out := out.push (Json.mkObj [("name", jStr (nameText (userName n))), ("kind", jStr (kindText i false)),
        ("range", rangeJson map whole), ("keyword", rangeJson map keyword), ("selection", rangeJson map (id.getArg 0)),
        ("value", rangeJson map (proofIn keyword))])
  return out
where
  proofIn (stx : Syntax) : Syntax := match stx with
    | .node _ _ args => first args.toList
    | _ => .missing
  first (l : List Syntax) : Syntax := match l with
    | [] => .missing
    | s :: l => if isProofKind s.getKind then s else first l

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
          out := out.push (Json.mkObj [("declaration", jStr (nameText (userName (c.parentDecl?.getD .anonymous)))),
            ("kind", jStr (nameText k)), ("tactic", jStr text), ("start", jArr #[jNat p.line, jNat p.column]),
            ("end", jArr #[jNat q.line, jNat q.column]), ("state_before", jStr before), ("state_after", jStr after),
            ("premises", jArr (premisesOf map env c children))])
        | _ => pure ()
      | _ => pure ()
  return out

end ProofServer
