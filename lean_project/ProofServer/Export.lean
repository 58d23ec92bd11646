module
public meta import ProofServer.Check
public import ProofServer.Check

/-!
# Terms as plain data

For a second opinion by another type checker: constants with their types, values and rules, as Lean's kernel knows
them, with all sharing kept. Levels and expressions are tables of lines; a line refers to earlier lines, and to the
tables of names and strings, by number:

    z | s l | m l l | i l l | p name                                         zero, succ, max, imax, parameter
    v index | s l | c name l… | a e e | l e e | p e e | z e e e | n numeral | t string | j name index e
                     bound variable, sort, constant, application, lambda, pi, let, literals, projection

Names are written with a dot between components; `\` precedes a dot, a backslash or a leading `#` of a component,
and a numeric component is `#` and the number, so that different names are written differently.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

def rowCount : Nat := 4093

/-- Numbers given out to values, in order; found again by hash. -/
structure Numbers (α : Type) where
  rows : IO.Ref (Array (List (α × Nat)))
  next : IO.Ref Nat

partial def emptyRows {α : Type} (n : Nat) (acc : Array (List (α × Nat))) : Array (List (α × Nat)) :=
  if n == 0 then acc else emptyRows (n - 1) (acc.push [])

def Numbers.new (α : Type) : IO (Numbers α) := do
  return { rows := ← IO.mkRef (emptyRows rowCount #[]), next := ← IO.mkRef 0 }

def lookIn {α : Type} (same : α → α → Bool) (a : α) (l : List (α × Nat)) : Option Nat := match l with
  | [] => none
  | (b, i) :: l => if same a b then some i else lookIn same a l

def Numbers.find? {α : Type} (t : Numbers α) (same : α → α → Bool) (hash : UInt64) (a : α) : IO (Option Nat) := do
  match (← t.rows.get)[hash.toNat % rowCount]? with
  | some row => return lookIn same a row
  | none => return none

def Numbers.add {α : Type} (t : Numbers α) (hash : UInt64) (a : α) : IO Nat := do
  let i ← t.next.get
  t.next.set (i + 1)
  let k := hash.toNat % rowCount
  let row := match (← t.rows.get)[k]? with
    | some row => row
    | none => []
  t.rows.modify fun rows => rows.set! k ((a, i) :: row)
  return i

structure Exporter where
  names : Numbers Name
  nameTexts : IO.Ref (Array Json)
  strings : IO.Ref (Array Json)
  levels : Numbers Level
  levelLines : IO.Ref String
  exprs : Numbers Expr
  exprLines : IO.Ref String

def Exporter.new : IO Exporter := do
  return { names := ← Numbers.new Name, nameTexts := ← IO.mkRef #[], strings := ← IO.mkRef #[],
           levels := ← Numbers.new Level, levelLines := ← IO.mkRef "", exprs := ← Numbers.new Expr, exprLines := ← IO.mkRef "" }

def escaped (l : List Char) (first : Bool) (acc : String) : String := match l with
  | [] => acc
  | c :: l =>
    let acc := if c == '.' || c == '\\' || (first && c == '#') then acc.push '\\' else acc
    escaped l false (acc.push c)

def nameKey (n : Name) : String := match n with
  | .anonymous => ""
  | .str .anonymous s => escaped s.toList true ""
  | .str p s => nameKey p ++ "." ++ escaped s.toList true ""
  | .num .anonymous k => "#" ++ Nat.repr k
  | .num p k => nameKey p ++ ".#" ++ Nat.repr k

/-- The name that `nameKey` wrote. -/
def nameOfKey (key : String) : Name := go key.toList "" true none .anonymous
where
  digit (c : Char) : Nat := c.toNat - '0'.toNat
  close (p : Name) (s : String) (number : Option Nat) : Name := match number with
    | some k => .num p k
    | none => .str p s
  /-- `start` at the start of a component, `number` its value so far if it is numeric -/
  go (l : List Char) (s : String) (start : Bool) (number : Option Nat) (p : Name) : Name := match l with
    | [] => close p s number
    | '\\' :: c :: l => go l (s.push c) false number p
    | '.' :: l => go l "" true none (close p s number)
    | '#' :: l => if start then go l s false (some 0) p else go l (s.push '#') false number p
    | c :: l => match number with
      | some k => go l s false (some (10 * k + digit c)) p
      | none => go l (s.push c) false none p

/- The library's own equalities have no compiled form that can be handed to `find?`; as recursions these have. -/
def sameName (a b : Name) : Bool := hasName [a] b

def sameLevel (a b : Level) : Bool := go [a]
where go (l : List Level) : Bool := match l with
  | [] => false
  | c :: l => c == b || go l

def sameExpr (a b : Expr) : Bool := go [a]
where go (l : List Expr) : Bool := match l with
  | [] => false
  | c :: l => c == b || go l

def Exporter.name (x : Exporter) (n : Name) : IO Nat := do
  if let some i ← x.names.find? sameName n.hash n then return i
  x.nameTexts.modify fun a => a.push (jStr (nameKey n))
  x.names.add n.hash n

partial def Exporter.level (x : Exporter) (l : Level) : IO Nat := do
  if let some i ← x.levels.find? sameLevel l.hash l then return i
  let line ← match l with
    | .zero => pure "z"
    | .succ a => do pure ("s " ++ Nat.repr (← x.level a))
    | .max a b => do
      let a ← x.level a
      pure ("m " ++ Nat.repr a ++ " " ++ Nat.repr (← x.level b))
    | .imax a b => do
      let a ← x.level a
      pure ("i " ++ Nat.repr a ++ " " ++ Nat.repr (← x.level b))
    | .param n => do pure ("p " ++ Nat.repr (← x.name n))
    | .mvar _ => throw (IO.userError "a level is not determined")
  x.levelLines.modify fun s => s ++ line ++ "\n"
  x.levels.add l.hash l

partial def Exporter.levelList (x : Exporter) (l : List Level) (acc : String) : IO String := match l with
  | [] => return acc
  | a :: l => do
    let i ← x.level a
    x.levelList l (acc ++ " " ++ Nat.repr i)

partial def Exporter.expr (x : Exporter) (e : Expr) : IO Nat := do
  match e with
  | .mdata _ e => x.expr e
  | e =>
    if let some i ← x.exprs.find? sameExpr e.hash e then return i
    let line ← match e with
      | .bvar k => pure ("v " ++ Nat.repr k)
      | .sort l => do pure ("s " ++ Nat.repr (← x.level l))
      | .const n ls => do
        let n ← x.name n
        x.levelList ls ("c " ++ Nat.repr n)
      | .app f a => do
        let f ← x.expr f
        pure ("a " ++ Nat.repr f ++ " " ++ Nat.repr (← x.expr a))
      | .lam _ t b _ => do
        let t ← x.expr t
        pure ("l " ++ Nat.repr t ++ " " ++ Nat.repr (← x.expr b))
      | .forallE _ t b _ => do
        let t ← x.expr t
        pure ("p " ++ Nat.repr t ++ " " ++ Nat.repr (← x.expr b))
      | .letE _ t v b _ => do
        let t ← x.expr t
        let v ← x.expr v
        pure ("z " ++ Nat.repr t ++ " " ++ Nat.repr v ++ " " ++ Nat.repr (← x.expr b))
      | .lit (.natVal n) => pure ("n " ++ Nat.repr n)
      | .lit (.strVal s) => do
        let i := (← x.strings.get).size
        x.strings.modify fun a => a.push (jStr s)
        pure ("t " ++ Nat.repr i)
      | .proj n i e => do
        let n ← x.name n
        pure ("j " ++ Nat.repr n ++ " " ++ Nat.repr i ++ " " ++ Nat.repr (← x.expr e))
      | _ => throw (IO.userError "the term has variables that nothing binds")
    x.exprLines.modify fun s => s ++ line ++ "\n"
    x.exprs.add e.hash e

partial def Exporter.nameList (x : Exporter) (l : List Name) (acc : Array Json) : IO Json := match l with
  | [] => return jArr acc
  | n :: l => do
    let i ← x.name n
    x.nameList l (acc.push (jNat i))

partial def Exporter.rules (x : Exporter) (l : List RecursorRule) (acc : Array Json) : IO Json := match l with
  | [] => return jArr acc
  | r :: l => do
    let c ← x.name r.ctor
    let v ← x.expr r.rhs
    x.rules l (acc.push (jArr #[jNat c, jNat r.nfields, jNat v]))

def hintText (h : ReducibilityHints) : String := match h with
  | .opaque => "opaque"
  | .abbrev => "abbrev"
  | .regular n => Nat.repr n.toNat

/-- One constant. `proofs` says whether the value of a theorem is wanted. -/
def Exporter.constant (x : Exporter) (env : Environment) (i : ConstantInfo) (proofs : Bool) : IO Json := do
  let common := [("name", jNat (← x.name i.name)), ("params", ← x.nameList i.levelParams #[]), ("type", jNat (← x.expr i.type))]
  let more ← match i with
    | .axiomInfo _ => pure [("kind", jStr "axiom")]
    | .quotInfo _ => pure [("kind", jStr "quotient")]
    | .defnInfo v => do pure [("kind", jStr "definition"), ("value", jNat (← x.expr v.value)), ("hint", jStr (hintText v.hints))]
    | .thmInfo v => do
      if proofs then pure [("kind", jStr "theorem"), ("value", jNat (← x.expr v.value))] else pure [("kind", jStr "theorem")]
    | .opaqueInfo v => do
      if proofs then pure [("kind", jStr "opaque"), ("value", jNat (← x.expr v.value))] else pure [("kind", jStr "opaque")]
    | .inductInfo v => do pure [("kind", jStr "inductive"), ("num_params", jNat v.numParams), ("num_indices", jNat v.numIndices),
        ("recursive", .bool v.isRec), ("constructors", ← x.nameList v.ctors #[]), ("family", ← x.nameList v.all #[])]
    | .ctorInfo v => do
      let family := match env.find? v.induct with
        | some (.inductInfo w) => w.all
        | _ => [v.induct]
      pure [("kind", jStr "constructor"), ("num_params", jNat v.numParams), ("num_fields", jNat v.numFields),
        ("parent", jNat (← x.name v.induct)), ("family", ← x.nameList family #[])]
    | .recInfo v => do pure [("kind", jStr "recursor"), ("num_params", jNat v.numParams), ("num_indices", jNat v.numIndices),
        ("num_motives", jNat v.numMotives), ("num_minors", jNat v.numMinors), ("k", .bool v.k),
        ("rules", ← x.rules v.rules #[]), ("family", ← x.nameList v.all #[])]
  return Json.mkObj (listAppend common more)

def Exporter.reply (x : Exporter) (declarations : Array Json) (findings : List Finding) : IO Json := do
  return Json.mkObj [("type", jStr "export"), ("names", jArr (← x.nameTexts.get)), ("strings", jArr (← x.strings.get)),
    ("levels", jStr (← x.levelLines.get)), ("exprs", jStr (← x.exprLines.get)), ("declarations", jArr declarations),
    ("findings", findingsJson findings)]

/-- Constants of the text named as a report of the check names them. -/
def namedConstants (names : List String) (l : List (Name × ConstantInfo)) : List Name := match l with
  | [] => []
  | (n, _) :: l => if listed (nameText n) names then n :: namedConstants names l else namedConstants names l
where listed (s : String) (l : List String) : Bool := match l with
  | [] => false
  | a :: l => a == s || listed s l

/-- The text's own constants that the theorems depend on, and the rest of each inductive declaration among them. -/
def withFamilies (env : Environment) (own : List Name) : List Name := go own own
where
  go (l all : List Name) : List Name := match l with
    | [] => all
    | n :: l => match env.find? n with
      | some (.inductInfo v) => go l (addMissing (listAppend v.ctors (recursors v.all)) all)
      | _ => go l all
  recursors (l : List Name) : List Name := match l with
    | [] => []
    | n :: l => if env.contains (.str n "rec") then .str n "rec" :: recursors l else recursors l
  addMissing (l all : List Name) : List Name := match l with
    | [] => all
    | n :: l => if hasName all n then addMissing l all else addMissing l (n :: all)

def exportSource (watchdog : Watchdog) (pristine : Environment) (source : String) (names : List String) (wallMs : Nat) : IO Json := do
  let x ← Exporter.new
  let done ← elabGuarded watchdog { state := startState pristine {} } source guardAll wallMs
  if let some f := done.refused then return ← x.reply #[] [f]
  if done.interrupted then return ← x.reply #[] [{ code := "timeout", text := "elaboration ran into the wall limit" }]
  let env := done.state.env
  let (own, _) := closure env (namedConstants names (localConstants env)) {} #[] #[]
  let mut out : Array Json := #[]
  for n in withFamilies env own.toList do
    if let some i := env.find? n then out := out.push (← x.constant env i true)
  x.reply out []

def exportConstants (env : Environment) (names : List String) : IO Json := do
  let x ← Exporter.new
  let mut out : Array Json := #[]
  for key in names do
    if let some i := env.find? (nameOfKey key) then
      if nameKey i.name == key then out := out.push (← x.constant env i false)
  x.reply out []

end ProofServer
