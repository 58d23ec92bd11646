module
public meta import ProofServer.Frontend
public import ProofServer.Frontend

/-!
# Proof states

A state is a value: everything that Lean's elaborator needs to go on from here. Applying a tactic makes a new
one and leaves the old one as it was, so branching costs nothing.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

structure ProofState where
  coreContext : Core.Context
  coreState : Core.State
  metaContext : Meta.Context
  metaState : Meta.State
  termContext : Term.Context
  termState : Term.State
  /-- the goal that the state was opened with; its assignment is the proof so far -/
  root : MVarId
  goals : List MVarId

/-- Runs `x` in the state without changing it. -/
def ProofState.run {α : Type} (p : ProofState) (x : MetaM α) : IO (Except Exception α) := do
  let heartbeats ← IO.getNumHeartbeats
  let context := { p.coreContext with initHeartbeats := heartbeats, cancelTk? := none }
  let result ← (((x.run' p.metaContext p.metaState).run context p.coreState).toBaseIO : BaseIO _)
  match result with
  | .ok (a, _) => return .ok a
  | .error e => return .error e

/-- Runs `x` in the context of an info tree's node (`ContextInfo.runMetaM`, which the embedded build lacks). -/
def runInContext {α : Type} (c : ContextInfo) (lctx : LocalContext) (x : MetaM α) : IO α := do
  let heartbeats ← IO.getNumHeartbeats
  let context : Core.Context :=
    { currNamespace := c.currNamespace, openDecls := c.openDecls, fileName := "<input>",
      fileMap := FileMap.ofString "", initHeartbeats := heartbeats, options := c.options,
      maxRecDepth := maxRecDepth.get c.options }
  let core : Core.State := { env := c.env, ngen := c.ngen }
  let result ← (((x.run { lctx } { mctx := c.mctx }).run context core).toBaseIO : BaseIO _)
  match result with
  | .ok ((a, _), _) => return a
  | .error e => throw (IO.userError (← e.toMessageData.toString))

partial def infoNodes (t : InfoTree) (outer : Option ContextInfo)
    (acc : Array (ContextInfo × Info × List InfoTree)) : Array (ContextInfo × Info × List InfoTree) :=
  match t with
  | .context c t => infoNodes t (c.mergeIntoOuter? outer) acc
  | .node i children =>
    let children := (persistentArrayElements children).toList
    let acc := match outer with
      | some c => acc.push (c, i, children)
      | none => acc
    go children (i.updateContext? outer) acc
  | .hole _ => acc
where go (l : List InfoTree) (outer : Option ContextInfo)
    (acc : Array (ContextInfo × Info × List InfoTree)) : Array (ContextInfo × Info × List InfoTree) :=
  match l with
  | [] => acc
  | t :: l => go l outer (infoNodes t outer acc)

/-- The nodes of several trees, outermost first. -/
def allNodes (l : List InfoTree) : List (ContextInfo × Info × List InfoTree) :=
  (infoNodes.go l none #[]).toList

/-- Drops the declaration's own name (usable for recursion) from a goal's context: a proof must not use it. -/
def clearAuxDecls (g : MVarId) : MetaM MVarId := do
  let mut g := g
  for d in localDeclsOf (← g.getDecl).lctx do
    if d.isAuxDecl then
      g ← (try g.clear d.fvarId catch _ => pure g)
  return g

/-- The state at a `sorry`: `goals` with the metavariables of `mctx`. -/
def capture (c : ContextInfo) (mctx : MetavarContext) (lctx : LocalContext) (goals : MetaM (List MVarId)) : IO ProofState := do
  runInContext { c with mctx } lctx do
    let mut opened : Array MVarId := #[]
    for g in ← goals do
      opened := opened.push (← clearAuxDecls g)
    let root ← match opened.toList with
      | g :: _ => pure g
      | [] => throwError "no goal here"
    let core ← getThe Core.State
    let coreContext ← readThe Core.Context
    let metaState ← getThe Meta.State
    let termContext : Term.Context := { declName? := c.parentDecl?, errToSorry := false }
    let mut levels : List Name := []
    if let some d := c.parentDecl? then
      if let some i := core.env.find? d then levels := i.levelParams
    return {
      coreContext
      -- a prefix of its own: fresh names must not collide with those of the statement's elaboration
      coreState := { core with messages := {}, ngen := { namePrefix := `_proof_server, idx := 1 } }
      metaContext := {}
      metaState := { metaState with cache := {} }
      termContext
      termState := { levelNames := levels }
      root
      goals := opened.toList }

/-! ## What a state asks, as text and as a key -/

/-- LeanDojo's `state_before`: the goals in Lean's own format, an empty line between two. -/
def goalsText (goals : List MVarId) : MetaM String := do
  match goals with
  | [] => return "no goals"
  | _ =>
    let mut parts : Array String := #[]
    for g in goals do
      parts := parts.push ((← ppGoal g).pretty)
    return joinWith "\n\n" parts.toList

/-- Free variables (in order of the contexts) and metavariables (in order of appearance) met so far. Abstracting
them gives equal goals that were reached by different roads equal expressions. -/
abbrev Canonical := Array Expr

def addMVars (e : Expr) (c : Canonical) : Canonical :=
  if !e.hasExprMVar then c else go (e.collectMVars {}).result.toList c
where
  go (l : List MVarId) (c : Canonical) : Canonical := match l with
    | [] => c
    | m :: l => go l (if known m c.toList then c else c.push (.mvar m))
  known (m : MVarId) (l : List Expr) : Bool := match l with
    | [] => false
    | .mvar n :: l => n == m || known m l
    | _ :: l => known m l

def canonicalHash (e : Expr) (c : Canonical) : UInt64 := (e.abstract c).hash

/-- Symbols in `e`, counted without sharing and cut off at `cap`. -/
partial def symbolCount (e : Expr) (cap : Nat) (acc : Nat) : Nat :=
  if cap ≤ acc then acc else match e with
  | .app f a => symbolCount a cap (symbolCount f cap acc)
  | .lam _ t b _ | .forallE _ t b _ => symbolCount b cap (symbolCount t cap (acc + 1))
  | .letE _ t v b _ => symbolCount b cap (symbolCount v cap (symbolCount t cap (acc + 1)))
  | .mdata _ e | .proj _ _ e => symbolCount e cap acc
  | .const .. | .fvar .. | .lit .. | .mvar .. => acc + 1
  | _ => acc

structure Summary where
  hash : UInt64
  size : Nat

def summarizeGoal (g : MVarId) (before : Summary) (c : Canonical) : MetaM (Summary × Canonical) := do
  let decl ← g.getDecl
  let mut c := c
  let mut hash := mixHash before.hash 17
  let mut size := before.size
  for d in localDeclsOf decl.lctx do
    if d.isImplementationDetail then continue
    let type ← instantiateMVars d.type
    c := addMVars type c
    hash := mixHash hash (mixHash d.userName.hash (canonicalHash type c))
    if let .ldecl (value := v) .. := d then
      let v ← instantiateMVars v
      c := addMVars v c
      hash := mixHash hash (canonicalHash v c)
    c := c.push (.fvar d.fvarId)
    size := symbolCount type (size + 400) size
  let target ← instantiateMVars decl.type
  c := addMVars target c
  hash := mixHash hash (canonicalHash target c)
  return ({ hash, size := symbolCount target (size + 2000) size }, c)

def hexDigits (n : Nat) : String := go 16 n ""
where
  digit (d : Nat) : Char := if d < 10 then Char.ofNat (48 + d) else Char.ofNat (87 + d)
  go (fuel n : Nat) (acc : String) : String := match fuel with
    | 0 => acc
    | fuel + 1 => go fuel (n / 16) (String.singleton (digit (n % 16)) ++ acc)

/-- The part of a `StateView` that does not need an id. -/
def viewFields (p : ProofState) : IO (List (String × Json)) := do
  let result ← p.run do
    let text ← goalsText p.goals
    let mut s : Summary := { hash := 7, size := 0 }
    let mut c : Canonical := #[]
    for g in p.goals do
      (s, c) ← summarizeGoal g s c
    -- Without metavariables the text is canonical as well, and makes collisions of hashes harmless.
    let hash := if hasMVars c.toList then s.hash else mixHash s.hash text.hash
    return (text, hash, s.size)
  match result with
  | .ok (text, hash, size) =>
    return [("key", jStr (hexDigits hash.toNat)), ("text", jStr text), ("goals", jNat (listLength p.goals)),
      ("size", jNat size)]
  | .error e =>
    let text ← e.toMessageData.toString
    throw (IO.userError s!"the goals of this state cannot be printed: {text}")

where hasMVars (l : List Expr) : Bool := match l with
  | [] => false
  | .mvar _ :: _ => true
  | _ :: l => hasMVars l

def viewJson (id : Nat) (p : ProofState) : IO Json := do
  return Json.mkObj (("id", jNat id) :: (← viewFields p))

end ProofServer
