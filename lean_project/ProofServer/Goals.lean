module
public meta import ProofServer.Terms
public import ProofServer.Terms

/-!
# The structured view of a goal

What a proposer needs in order to choose: hypotheses with their types and constructors, the shape of the
target, and the applications of defined functions (for unfolding and functional induction).
-/
open Lean Elab Meta
public meta section
namespace ProofServer

/-- The constants of `e`, each once, in order of appearance. -/
def constantsOf (e : Expr) : List Name := e.getUsedConstants.toList

/-- A constant that a person writes: not an instance, a constructor's auxiliary or a numeral's wrapper. -/
def isPlumbing (n : Name) : Bool :=
  n.isInternalDetail || n == ``OfNat.ofNat || n == ``instOfNatNat || n == ``Nat || n == ``Eq

def dropPlumbing (l : List Name) : List Name := match l with
  | [] => []
  | n :: l => if isPlumbing n then dropPlumbing l else n :: dropPlumbing l

/-- The binder kinds of a function's arguments, `true` for explicit ones. -/
def explicitArguments (type : Expr) : List Bool := match type with
  | .forallE _ _ b i => i.isExplicit :: explicitArguments b
  | .mdata _ e => explicitArguments e
  | _ => []

def argumentsOf (e : Expr) (acc : List Expr) : List Expr := match e with
  | .app f a => argumentsOf f (a :: acc)
  | _ => acc

def selectExplicit (args : List Expr) (explicit : List Bool) : List Expr := match args, explicit with
  | a :: args, e :: explicit => if e then a :: selectExplicit args explicit else selectExplicit args explicit
  | args, [] => args
  | [], _ => []

/-- The user's name of a hypothesis, `n✝` for one that cannot be written. -/
def hypothesisName (n : Name) : String :=
  if n.hasMacroScopes then nameText n.eraseMacroScopes ++ "✝" else nameText n

def freeName (e : Expr) : MetaM String := match e with
  | .fvar f => do match (← getLCtx).find? f with
    | some d => return hypothesisName d.userName
    | none => return ""
  | _ => return ""

def freeNames (l : List Expr) : MetaM (List String) := do
  let mut out : Array String := #[]
  for e in l do out := out.push (← freeName e)
  return out.toList

def texts (l : List Expr) : MetaM (List String) := do
  let mut out : Array String := #[]
  for e in l do out := out.push (clip (← ppExpr e).pretty 300)
  return out.toList

def typeTexts (l : List Expr) : MetaM (List String) := do
  let mut out : Array String := #[]
  for e in l do
    out := out.push (← (try
        let type ← inferType e
        pure (clip (← ppExpr type).pretty 200)
      catch _ => pure ""))
  return out.toList

/-- Every application of a constant in `e` without bound variables, outermost first. -/
partial def applicationsIn (e : Expr) (acc : Array Expr) : Array Expr :=
  if 300 ≤ acc.size then acc else match e with
  | .app .. =>
    let f := e.getAppFn
    let acc := if f.isConst && !e.hasLooseBVars then acc.push e else acc
    let acc := if f.isConst then acc else applicationsIn f acc
    goArgs e acc
  | .lam _ t b _ | .forallE _ t b _ => applicationsIn b (applicationsIn t acc)
  | .letE _ t v b _ => applicationsIn b (applicationsIn v (applicationsIn t acc))
  | .mdata _ e | .proj _ _ e => applicationsIn e acc
  | _ => acc
where goArgs (e : Expr) (acc : Array Expr) : Array Expr := match e with
  | .app f a => applicationsIn a (goArgs f acc)
  | _ => acc

/-- How a function can be taken apart; `none` for what a proposer has no use for. -/
def applicationKind (env : Environment) (f : Name) : Option String :=
  if f == ``ite || f == ``dite then some "ite"
  else if isMatcherCore env f then some "matcher"
  else match env.find? f with
    | some (.defnInfo _) =>
      if isReservedName env (f ++ `induct) then some "recursive" else some "plain"
    | some (.opaqueInfo _) => some "plain"
    | _ => if isReservedName env (f ++ `induct) then some "recursive" else none

def seenText (l : List String) (s : String) : Bool := match l with
  | [] => false
  | a :: l => a == s || seenText l s

def applicationsJson (sources : List (String × Expr)) : MetaM (Array Json) := do
  let env ← getEnv
  let mut out : Array Json := #[]
  let mut seen : List String := []
  for (place, e) in sources do
    for a in (applicationsIn e #[]).toList do
      if 60 ≤ out.size then break
      let f := a.getAppFn.constName!
      let some kind := applicationKind env f | continue
      let local? := (moduleOf? env f).isNone
      -- of the library only what recursion or a case split can take apart
      if !local? && kind == "plain" then continue
      let text := clip (← ppExpr a).pretty 300
      let key := place ++ "|" ++ text
      if seenText seen key then continue
      seen := key :: seen
      let some info := env.find? f | continue
      let args := selectExplicit (argumentsOf a []) (explicitArguments info.type)
      let type ← (try
          let t ← inferType a
          pure (clip (← ppExpr t).pretty 200)
        catch _ => pure "")
      out := out.push (Json.mkObj [("function", jStr (nameText f)), ("arguments", jStrs (← texts args)), ("argument_types", jStrs (← typeTexts args)),
        ("free", jStrs (← freeNames args)), ("kind", jStr kind), ("is_local", .bool local?),
        ("where", jStr place), ("closed", .bool !a.hasFVar), ("type", jStr type), ("text", jStr text)])
  return out

/-- A constructor with the names of its fields; `*` marks fields of the type itself, "" those without a name. -/
def constructorFields (env : Environment) (type constructor : Name) (params : Nat) : List String :=
  match env.find? constructor with
  | some (.ctorInfo c) => fields c.type params
  | _ => []
where
  fields (t : Expr) (params : Nat) : List String := match t, params with
  | .forallE _ _ b _, n + 1 => fields b n
  | .forallE n d b _, 0 =>
    let name := if n.hasMacroScopes || n.isInternal then "" else nameText n
    (if resultIs d then "*" ++ name else name) :: fields b 0
  | .mdata _ e, n => fields e n
  | _, _ => []
  resultIs (d : Expr) : Bool := match d with
    | .forallE _ _ b _ => resultIs b
    | d => d.getAppFn.isConstOf type

def constructorsJson (env : Environment) (type : Name) : Json :=
  match env.find? type with
  | some (.inductInfo i) => jArr (go i.ctors i.numParams #[])
  | _ => jArr #[]
where
  go (l : List Name) (params : Nat) (acc : Array Json) : Array Json := match l with
  | [] => acc
  | c :: l => go l params (acc.push (jStrs (short c :: constructorFields env type c params)))
  short (n : Name) : String := match n with
    | .str _ s => s
    | n => nameText n

def relationShape (n : Name) : String :=
  if n == ``And then "and" else if n == ``Or then "or" else if n == ``Iff then "iff"
  else if n == ``Exists then "exists" else if n == ``Not then "not" else if n == ``Eq then "eq"
  else if n == ``Ne then "ne" else if n == ``LE.le || n == ``GE.ge then "le"
  else if n == ``LT.lt || n == ``GT.gt then "lt" else if n == ``Dvd.dvd then "dvd"
  else if n == ``Membership.mem then "mem" else if n == ``False then "false"
  else if n == ``True then "true" else "other"

def shapeOf (e : Expr) : MetaM String := do
  match e with
  | .forallE _ d b _ => return if !b.hasLooseBVars && (← isProp d) then "implies" else "forall"
  | .letE .. => return "let"
  | .mdata _ e => shapeOf e
  | e => match e.getAppFn with
    | .const n _ => return relationShape n
    | _ => return "other"

def headText (e : Expr) : String := match e.getAppFn with
  | .const n _ => nameText n
  | .mdata _ e => match e.getAppFn with
    | .const n _ => nameText n
    | _ => ""
  | _ => ""

def boundNames (e : Expr) : List String := match e with
  | .forallE n _ b _ => (if n.hasMacroScopes || n.isInternal then "" else nameText n) :: boundNames b
  | .letE n _ _ b _ => nameText n :: boundNames b
  | .mdata _ e => boundNames e
  | _ => []

/-- Names of the hypotheses that `e` mentions. -/
def dependencyNames (decls : List LocalDecl) (e : Expr) : List String := match decls with
  | [] => []
  | d :: l => if d.isImplementationDetail || !e.containsFVar d.fvarId then dependencyNames l e
    else hypothesisName d.userName :: dependencyNames l e

partial def literalsIn (e : Expr) (acc : Array String) : Array String := match e with
  | .lit (.natVal n) => if seenText acc.toList (Nat.repr n) || 20 ≤ acc.size then acc else acc.push (Nat.repr n)
  | .app f a => literalsIn a (literalsIn f acc)
  | .lam _ t b _ | .forallE _ t b _ => literalsIn b (literalsIn t acc)
  | .letE _ t v b _ => literalsIn b (literalsIn v (literalsIn t acc))
  | .mdata _ e | .proj _ _ e => literalsIn e acc
  | _ => acc

def hypothesisJson (decls : List LocalDecl) (d : LocalDecl) : MetaM (Json × Option Expr) := do
  let env ← getEnv
  let lctx ← getLCtx
  let type ← instantiateMVars d.type
  let prop ← isProp type
  let value ← match d with
    | .ldecl (value := v) .. => do pure (jStr (clip (← ppExpr (← instantiateMVars v)).pretty 1000))
    | _ => pure Json.null
  let reduced ← (try whnf type catch _ => pure type)
  let inductiveName? : Option Name := match reduced.getAppFn with
    | .const n _ => match env.find? n with
      | some (.inductInfo _) => some n
      | _ => none
    | _ => none
  let recursive := match inductiveName? with
    | some n => match env.find? n with
      | some (.inductInfo i) => i.isRec
      | _ => false
    | none => false
  let instance? ← (do return (← isClass? type).isSome)
  let symbols := if prop then dropPlumbing (constantsOf type) else []
  let json := Json.mkObj [("name", jStr (hypothesisName d.userName)), ("type", jStr (clip (← ppExpr type).pretty 2000)),
    ("value", value), ("head", jStr (headText type)),
    ("term", jStr (if prop then termText env lctx type 200 else "")),
    ("inductive", jStr (match inductiveName? with | some n => nameText n | none => "")),
    ("recursive", .bool recursive), ("is_prop", .bool prop), ("is_instance", .bool instance?),
    ("accessible", .bool !d.userName.hasMacroScopes), ("is_type", .bool reduced.isSort),
    ("symbols", jStrs (nameTexts symbols)), ("depends", jStrs (dependencyNames decls type)),
    ("constructors", match inductiveName? with | some n => constructorsJson env n | none => jArr #[])]
  return (json, if prop then some type else none)

/-- Local constants that `todo` depends on, through the bodies of definitions. -/
partial def localClosure (env : Environment) (todo : List Name) (seen : NameSet) (acc : Array Name) : Array Name :=
  match todo with
  | [] => acc
  | n :: todo =>
    if seen.contains n || (env.getModuleIdxFor? n).isSome then localClosure env todo seen acc
    else
      let seen := seen.insert n
      match env.find? n with
      | none => localClosure env todo seen acc
      | some i =>
        let used := match i.value? with
          | some v => v.getUsedConstants.toList
          | none => []
        localClosure env (listAppend todo used) seen (acc.push n)

/-- Is `n` a function that a person wrote (and may want to unfold)? -/
def isWrittenFunction (env : Environment) (n : Name) : Bool :=
  -- `grind` rejects a list with a projection in it
  if n.isInternalDetail || isMatcherCore env n || isAuxRecursor env n || isNoConfusion env n || isReservedName env n || env.isProjectionFn n then false
  else match env.find? n with
    | some (.defnInfo _) => match n with
      | .str p s => !(s == "ctorIdx" || s == "toCtorIdx" || s == "ctorElim" || s == "ctorElimType" || s == "noConfusionType"
          || "inst".isPrefixOf s || isAuxRecursor env p || (match env.find? p with | some (.inductInfo _) => s == "elim" | _ => false))
      | _ => false
    | _ => false

def writtenFunctions (env : Environment) (l : List Name) : List String := match l with
  | [] => []
  | n :: l => if isWrittenFunction env n then nameText n :: writtenFunctions env l else writtenFunctions env l

/-- The types of a function's explicit arguments and of its result, where none depends on another. -/
def signatureParts (e : Expr) : MetaM (List String) := match e with
  | .forallE _ d b i => do
    if b.hasLooseBVars || !i.isExplicit then return []
    let domain := clip (← ppExpr d).pretty 100
    match ← signatureParts b with
    | [] => return []
    | l => return domain :: l
  | .mdata _ e => signatureParts e
  | e => return [clip (← ppExpr e).pretty 100]

/-- `[name, argument types …, result type]` for each function that is not polymorphic. -/
def signatures (env : Environment) (l : List String) : MetaM (Array Json) := do
  let mut out : Array Json := #[]
  for s in l do
    let some i := env.find? s.toName | continue
    match ← signatureParts i.type with
    | [] => continue
    | parts => out := out.push (jStrs (s :: parts))
  return out

/-- Made by Lean for an inductive type or a function, or internal. -/
def isDerived (env : Environment) (n : Name) : Bool := n.isInternalDetail || isReservedName env n || isPrivateName n || match n with
  | .str p s => s == "sizeOf_spec" || s == "injEq" || s == "inj" || isAuxRecursor env p
  | _ => true

/-- Theorems that the header itself declares: the lemmas a person gave. -/
def writtenTheorems (env : Environment) : List (Name × Expr) := go (localConstants env)
where go (l : List (Name × ConstantInfo)) : List (Name × Expr) := match l with
  | [] => []
  | (n, .thmInfo i) :: l => if isDerived env n then go l else (n, i.type) :: go l
  | _ :: l => go l

/-- Of more lemmas than this, those are left out that do not speak of what the goal speaks of. -/
def lemmasUnread : Nat := 3

/-- Constants that nearly every statement has. -/
def isCommon (n : Name) : Bool := isPlumbing n || relationShape n != "other" || hasName
  [``Int, ``HAdd.hAdd, ``HSub.hSub, ``HMul.hMul, ``HDiv.hDiv, ``HMod.hMod, ``HPow.hPow, ``Neg.neg] n

/-- What a statement is about: constants of the header, of the library, and those that nearly every statement has. -/
structure Topics where
  own : List Name := []
  library : List Name := []
  common : List Name := []

def topicsOf (type : Expr) (env : Environment) : Topics := go (constantsOf type) {}
where go (l : List Name) (t : Topics) : Topics := match l with
  | [] => t
  | n :: l => go l <|
    if isCommon n then { t with common := n :: t.common }
    else if isInstanceCore env n then t
    else if (env.getModuleIdxFor? n).isNone then { t with own := n :: t.own }
    else { t with library := n :: t.library }

/-- Does a lemma speak of what a goal does? `used` are the goal's constants, `reached` the header's that they lead to. -/
def isAbout (env : Environment) (used reached : List Name) (type : Expr) : Bool :=
  match topicsOf type env with
  | { own := [], library := [], common } => listAny (fun n => !isPlumbing n && relationShape n == "other" && hasName used n) common
  | { own := [], library, .. } => listAny (hasName used) library
  | { own, .. } => listAny (fun n => hasName reached n || hasName used n) own

/-- The header's lemmas that may help with a goal: neither the theorem itself, nor what a field of a structure says
that the goal does not mention. -/
def helpfulTheorems (env : Environment) (self? : Option Name) (used reached : List Name) : List String :=
  let all := mentioned (writtenTheorems env)
  names (listLength all ≤ lemmasUnread) all
where
  mentioned (l : List (Name × Expr)) : List (Name × Expr) := match l with
    | [] => []
    | (n, type) :: l =>
      if some n == self? || (env.isProjectionFn n && !listAny (fun m => m == n.getPrefix || m.getPrefix == n.getPrefix) used) then mentioned l
      else (n, type) :: mentioned l
  names (few : Bool) (l : List (Name × Expr)) : List String := match l with
    | [] => []
    | (n, type) :: l => if few || isAbout env used reached type then nameText n :: names few l else names few l

def usedByAll (l : List Expr) : List Name := match l with
  | [] => []
  | e :: l => listAppend (constantsOf e) (usedByAll l)

def goalJson (own : Option Name) (g : MVarId) : MetaM Json := do
  let decl ← g.getDecl
  withGoalContext decl do
    let decls := localDeclsOf decl.lctx
    let mut hypotheses : Array Json := #[]
    let target ← instantiateMVars decl.type
    let mut sources : Array (String × Expr) := #[("", target)]
    for d in decls do
      if d.isImplementationDetail then continue
      let (json, prop?) ← hypothesisJson decls d
      hypotheses := hypotheses.push json
      if let some p := prop? then
        if !d.userName.hasMacroScopes then sources := sources.push (hypothesisName d.userName, p)
    let env ← getEnv
    let mut types : Array Expr := #[target]
    for (_, p) in sources.toList do types := types.push p
    let constructors := match target.getAppFn with
      | .const n _ => constructorsJson env n
      | _ => jArr #[]
    let used := usedByAll types.toList
    let reached := (localClosure env used {} #[]).toList
    let functions := writtenFunctions env reached
    return Json.mkObj [("definitions", jStrs functions), ("signatures", jArr (← signatures env functions)), ("theorems", jStrs (helpfulTheorems env own used reached)), ("case", jStr (nameText decl.userName.eraseMacroScopes)), ("hypotheses", jArr hypotheses),
      ("target", jStr (clip (← ppExpr target).pretty 4000)), ("head", jStr (headText target)),
      ("term", jStr (termText env decl.lctx target 400)), ("shape", jStr (← shapeOf target)), ("symbols", jStrs (nameTexts (dropPlumbing (constantsOf target)))),
      ("bound", jStrs (boundNames target)), ("constructors", constructors), ("applications", jArr (← applicationsJson sources.toList)),
      ("literals", jStrs (literalsIn target #[]).toList), ("size", jNat (symbolCount target 2000 0))]

def goalsJson (p : ProofState) : IO (Except Refusal Json) := do
  let result ← p.run do
    let mut goals : Array Json := #[]
    for g in p.goals do goals := goals.push (← goalJson p.termContext.declName? g)
    return jArr goals
  match result with
  | .ok j => return .ok j
  | .error e => return .error { kind := "internal", message := ← e.toMessageData.toString }

end ProofServer
