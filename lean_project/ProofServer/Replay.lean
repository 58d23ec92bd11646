module
public meta import ProofServer.Guard
public import ProofServer.Guard

/-!
# Handing declarations to the kernel again

On top of the pristine environment, dependencies first, so that nothing counts that entered the elaborator's
environment by another road.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

def usedConstants (i : ConstantInfo) : List Name :=
  let inType := i.type.getUsedConstants.toList
  let inValue := match i.value? (allowOpaque := true) with
    | some v => v.getUsedConstants.toList
    | none => []
  let more := match i with
    | .inductInfo v => listAppend v.ctors v.all
    | .ctorInfo v => [v.induct]
    | .recInfo v => v.all
    | _ => []
  listAppend inType (listAppend inValue more)

/-- Walks everything that `todo` depends on; imported constants end the walk. Returns local constants, and the
imported ones that were met, each once. -/
partial def closure (env : Environment) (todo : List Name) (seen : NameSet) (own : Array Name)
    (imported : Array Name) : Array Name × Array Name :=
  match todo with
  | [] => (own, imported)
  | n :: todo =>
    if seen.contains n then closure env todo seen own imported
    else
      let seen := seen.insert n
      match env.getModuleIdxFor? n with
      | some _ => closure env todo seen own (imported.push n)
      | none => match env.find? n with
        | none => closure env todo seen (own.push n) imported
        | some i => closure env (listAppend (usedConstants i) todo) seen (own.push n) imported

/-- The kernel declaration of a local constant; constructors and recursors belong to their inductive type. -/
def declarationOf? (env : Environment) (i : ConstantInfo) : Option Declaration :=
  match i with
  | .thmInfo v => some (.thmDecl v)
  | .defnInfo v => some (.defnDecl v)
  | .opaqueInfo v => some (.opaqueDecl v)
  | .axiomInfo v => some (.axiomDecl v)
  | .inductInfo v => some (.inductDecl v.levelParams v.numParams (types env v.all) v.isUnsafe)
  | _ => none
where
  types (env : Environment) (l : List Name) : List InductiveType := match l with
    | [] => []
    | n :: l => match env.find? n with
      | some (.inductInfo v) => { name := n, type := v.type, ctors := ctors env v.ctors } :: types env l
      | _ => types env l
  ctors (env : Environment) (l : List Name) : List Constructor := match l with
    | [] => []
    | n :: l => match env.find? n with
      | some i => { name := n, type := i.type } :: ctors env l
      | none => ctors env l

/-- `env` has what the kernel accepted so far; `failure` is the first thing that it did not. -/
structure Replay where
  env : Environment
  /-- the kernel's limit for one declaration, in Lean's own unit; 0 for none -/
  heartbeats : Nat := 0
  done : NameSet := {}
  failure : Option String := none
  /-- the wall limit ended it, which says nothing of the declaration -/
  late : Bool := false

/-- Hands `n` and everything local that it depends on to the kernel, dependencies first. -/
partial def replay (source : Environment) (token : IO.CancelToken) (n : Name) (r : Replay) : IO Replay := do
  if r.failure.isSome || r.done.contains n then return r
  if (source.getModuleIdxFor? n).isSome then return r
  let some i := source.find? n | return { r with failure := some s!"{nameText n} is not declared" }
  let r := { r with done := r.done.insert n }
  match i with
  | .ctorInfo v => replay source token v.induct r
  | .recInfo v => goAll v.all r
  | _ =>
    let parts := match i with
      | .inductInfo v => listAppend v.all (listAppend v.ctors (usedConstants i))
      | _ => usedConstants i
    let mut r := r
    match i with
    | .inductInfo v =>
      -- the whole mutual block is declared at once, so its members count as done before their constructors' types
      for m in v.all do r := { r with done := r.done.insert m }
      for m in v.all do
        if let some (.inductInfo w) := source.find? m then
          for d in w.type.getUsedConstants.toList do
            r ← replay source token d r
          for c in w.ctors do
            r := { r with done := r.done.insert c }
            if let some ci := source.find? c then
              for d in ci.type.getUsedConstants.toList do
                r ← replay source token d r
    | _ => r ← goAll parts r
    if r.failure.isSome then return r
    let some d := declarationOf? source i | return { r with failure := some s!"{nameText n} is of an unexpected kind" }
    match r.env.addDeclCore r.heartbeats.toUSize d (some token) with
    | .ok env => return { r with env }
    | .error e =>
      let text ← (e.toMessageData {}).toString
      return { r with failure := some s!"the kernel rejects {nameText n}: {text}", late := ← token.isSet }
where goAll (l : List Name) (r : Replay) : IO Replay := do
  match l with
  | [] => return r
  | m :: l => goAll l (← replay source token m r)

/-- What to say where the kernel did not accept. -/
def Replay.finding? (r : Replay) : Option Finding :=
  match r.failure with
  | none => none
  | some text =>
    if r.late then some { code := "timeout", text := "the kernel ran into the wall limit" }
    else some { code := "kernel", text }

/-- Hands everything to the kernel that a text declared. What is `unsafe` or `partial` is left out: of that the kernel
accepts no proof. -/
def replayAll (source : Environment) (token : IO.CancelToken) (r : Replay) : IO Replay :=
  go (localConstants source) r
where go (l : List (Name × ConstantInfo)) (r : Replay) : IO Replay := do
  match l with
  | [] => return r
  | (n, i) :: l => if i.isUnsafe || i.isPartial then go l r else go l (← replay source token n r)

end ProofServer
