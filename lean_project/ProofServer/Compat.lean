module
public meta import Init
public meta import Lean.Elab.Frontend
public meta import Lean.Elab.Tactic.Basic
public meta import Lean.Server.InfoUtils
public meta import Lean.Data.Json.Parser
public meta import Lean.Data.Json.Printer
public import Lean.Elab.Frontend
public import Lean.Elab.Tactic.Basic
public import Lean.Server.InfoUtils
public import Lean.Data.Json.Parser
public import Lean.Data.Json.Printer

/-!
# Substitutes for library functions whose compiled form the embedded build lacks

The embedded toolchain ships `.olean` files without `.ir`, so a library function can be called from a
`meta` definition only when the interpreter finds native code for it. What it does not find is written here
again, as plain recursion. Everything version-dependent belongs here too, so that the other files read
normally.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

partial def persistentArrayNodeLeaves {α : Type} (n : PersistentArrayNode α) (acc : Array α) : Array α :=
  match n with
  | .node cs => goNodes cs.toList acc
  | .leaf vs => goLeaves vs.toList acc
where
  goNodes (l : List (PersistentArrayNode α)) (acc : Array α) : Array α := match l with
    | [] => acc
    | n :: l => goNodes l (persistentArrayNodeLeaves n acc)
  goLeaves (l : List α) (acc : Array α) : Array α := match l with
    | [] => acc
    | n :: l => goLeaves l (acc.push n)

/-- The elements of a persistent array, in order (`PersistentArray.toArray`). -/
def persistentArrayElements {α : Type} (a : PersistentArray α) : Array α :=
  persistentArrayNodeLeaves.goLeaves a.tail.toList (persistentArrayNodeLeaves a.root #[])

/-- `toString` of a name, without escaping. -/
def nameText (n : Name) : String :=
  match n with
  | .anonymous => ""
  | .str .anonymous s => s
  | .str p s => nameText p ++ "." ++ s
  | .num p k => nameText p ++ "." ++ (Nat.repr k)

def listLength {α : Type} (l : List α) : Nat := go l 0
where go (l : List α) (n : Nat) : Nat := match l with
  | [] => n
  | _ :: l => go l (n + 1)

def listAppend {α : Type} (a b : List α) : List α := match a with
  | [] => b
  | x :: xs => x :: listAppend xs b

def listAny {α : Type} (p : α → Bool) (l : List α) : Bool := match l with
  | [] => false
  | a :: l => p a || listAny p l

def hasName (l : List Name) (n : Name) : Bool := match l with
  | [] => false
  | a :: l => a == n || hasName l n

/-- The first `n` characters of `s`, with a mark where something was cut off. -/
def clip (s : String) (n : Nat) : String :=
  if s.utf8ByteSize ≤ n then s else go s.toList n "" ++ " …"
where go (l : List Char) (n : Nat) (acc : String) : String := match l, n with
  | [], _ => acc
  | _, 0 => acc
  | c :: l, n + 1 => go l n (acc.push c)

def joinWith (sep : String) (l : List String) : String := match l with
  | [] => ""
  | [s] => s
  | s :: l => s ++ sep ++ joinWith sep l

/-- Runs `x` with the local context and instances of `decl` (`MVarId.withContext` on its declaration). -/
def withGoalContext {α : Type} (decl : MetavarDecl) (x : MetaM α) : MetaM α :=
  withTheReader Meta.Context
    (fun c => { c with lctx := decl.lctx, localInstances := decl.localInstances }) x

def localDeclsOf (l : LocalContext) : List LocalDecl :=
  (go (persistentArrayElements l.decls).toList #[]).toList
where go (l : List (Option LocalDecl)) (acc : Array LocalDecl) : Array LocalDecl := match l with
  | [] => acc
  | none :: l => go l acc
  | some d :: l => go l (acc.push d)

/-- Where a name was declared: `none` for the file at hand, else the module. -/
def moduleOf? (env : Environment) (n : Name) : Option Name :=
  match env.getModuleIdxFor? n with
  | none => none
  | some i => env.header.moduleNames[i.toNat]?

def pushAll {α : Type} (a : Array α) (l : List α) : Array α := match l with
  | [] => a
  | x :: l => pushAll (a.push x) l

def nameTexts (l : List Name) : List String := match l with
  | [] => []
  | n :: l => nameText n :: nameTexts l

partial def hashMapNodeEntries {α β : Type} (n : PersistentHashMap.Node α β) (acc : Array (α × β)) :
    Array (α × β) :=
  match n with
  | .entries es => go es.toList acc
  | .collision keys values _ => both keys.toList values.toList acc
where
  go (l : List (PersistentHashMap.Entry α β (PersistentHashMap.Node α β))) (acc : Array (α × β)) :
      Array (α × β) := match l with
    | [] => acc
    | .entry k v :: l => go l (acc.push (k, v))
    | .ref n :: l => go l (hashMapNodeEntries n acc)
    | .null :: l => go l acc
  both (ks : List α) (vs : List β) (acc : Array (α × β)) : Array (α × β) := match ks, vs with
    | k :: ks, v :: vs => both ks vs (acc.push (k, v))
    | _, _ => acc

/-- The constants that are not imported: what the source text at hand has declared. -/
def localConstants (env : Environment) : List (Name × ConstantInfo) :=
  (hashMapNodeEntries env.constants.map₂.root #[]).toList

/-! JSON -/

def jNat (n : Nat) : Json := Json.num (JsonNumber.fromNat n)
def jStr (s : String) : Json := Json.str s
def jArr (a : Array Json) : Json := Json.arr a
def jStrs (l : List String) : Json := Json.arr (go l #[])
where go (l : List String) (acc : Array Json) : Array Json := match l with
  | [] => acc
  | s :: l => go l (acc.push (.str s))

def strField (j : Json) (k : String) (d : String := "") : String :=
  match j.getObjVal? k with
  | .ok (.str s) => s
  | _ => d

def natField (j : Json) (k : String) (d : Nat := 0) : Nat :=
  match j.getObjVal? k with
  | .ok v => match v.getNat? with
    | .ok n => n
    | .error _ => d
  | .error _ => d

def boolField (j : Json) (k : String) (d : Bool := false) : Bool :=
  match j.getObjVal? k with
  | .ok (.bool b) => b
  | _ => d

def arrField (j : Json) (k : String) : List Json :=
  match j.getObjVal? k with
  | .ok (.arr a) => a.toList
  | _ => []

def strsField (j : Json) (k : String) : List String := go (arrField j k) #[]
where go (l : List Json) (acc : Array String) : List String := match l with
  | [] => acc.toList
  | .str s :: l => go l (acc.push s)
  | _ :: l => go l acc

def natsField (j : Json) (k : String) : List Nat := go (arrField j k) #[]
where go (l : List Json) (acc : Array Nat) : List Nat := match l with
  | [] => acc.toList
  | v :: l => match v.getNat? with
    | .ok n => go l (acc.push n)
    | .error _ => go l acc

/-- A request that cannot be carried out: stable kind, message, position in the text it is about. -/
structure Refusal where
  kind : String
  message : String
  line : Nat := 0
  column : Nat := 0

def Refusal.toJson (r : Refusal) : Json :=
  Json.mkObj [("kind", jStr r.kind), ("message", jStr (clip r.message 4000)),
    ("line", jNat r.line), ("column", jNat r.column)]

end ProofServer
