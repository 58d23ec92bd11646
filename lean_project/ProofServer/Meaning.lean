module
public meta import ProofServer.Commands
public import ProofServer.Commands

/-!
# Does a statement mean what it says?

Without a reference the file itself says what is proved, and a file can change how its statements are read:
notation and macros for library syntax, instances in the place of the library's, names that hide the library's,
section variables. A statement is suspect when it is read differently without such commands; it is also suspect
when it cannot be read without a command that gives a basic symbol a new meaning.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

/-- Symbols whose meaning no file may change under a reader's eyes. -/
def basicTokens : List String :=
  ["=", "≠", "<", "≤", "<=", ">", "≥", ">=", "∧", "∨", "¬", "↔", "→", "∀", "∃", "∃!", "+", "-", "*", "/", "%", "^", "∣",
   "∈", "∉", "⊆", "⊂", "==", "!=", "&&", "||", "!", "::", "++", "∘", "×", "True", "False", "Prop", "Nat", "Int",
   "0", "1", "2", "3", "if", "fun", "let", "Type", "forall", "exists", "/\\", "\\/", "<->", "->"]

def isSyntaxCommand (k : Name) : Bool := hasName
  [`Lean.Parser.Command.notation, `Lean.Parser.Command.mixfix, `Lean.Parser.Command.macro,
   `Lean.Parser.Command.macro_rules, `Lean.Parser.Command.syntax, `Lean.Parser.Command.binderPredicate] k

/-- The kind of a command, `open … in` and the like looked through. -/
partial def innerCommand (stx : Syntax) : Syntax :=
  if stx.getKind == `Lean.Parser.Command.in then innerCommand (stx.getArg 2) else stx

/-- May this command change how a later statement is read? Definitions may not: they are what it talks about. -/
def changesReading (stx : Syntax) : Bool :=
  let stx := innerCommand stx
  isSyntaxCommand stx.getKind || isHint stx.getKind || stx.getKind == `Lean.Parser.Command.attribute && anyNode instanceAttribute stx
  || stx.getKind == `Lean.Parser.Command.declaration
    && ((stx.getArg 1).getKind == `Lean.Parser.Command.instance || anyNode instanceAttribute (stx.getArg 0))
where
  isHint (k : Name) : Bool := hasInfix (lastPart k).toList "Unif_hint".toList
  instanceAttribute (k : Name) (args : Array Syntax) : Bool :=
    k == `Lean.Parser.Term.attrInstance
      && hasText ["instance", "default_instance", "coe", "unification_hint"] (attributeName (lastOf args.toList))

partial def stringsIn (stx : Syntax) : List String := match stx with
  | .node _ `str args => match args.toList with
    | [.atom _ s] => [trimmed s]
    | _ => []
  | .node _ _ args => go args.toList
  | _ => []
where
  go (l : List Syntax) : List String := match l with
    | [] => []
    | s :: l => listAppend (stringsIn s) (go l)
  trimmed (s : String) : String := build (dropEnds s.toList) ""
  dropEnds (l : List Char) : List Char := match l with
    | [] => []
    | c :: l => if c == '"' || c == ' ' then dropEnds l else c :: dropEnds l
  build (l : List Char) (acc : String) : String := match l with
    | [] => acc
    | c :: l => build l (acc.push c)

partial def kindsIn (stx : Syntax) (acc : NameSet) : NameSet := match stx with
  | .node _ k args => go args.toList (acc.insert k)
  | _ => acc
where go (l : List Syntax) (acc : NameSet) : NameSet := match l with
  | [] => acc
  | s :: l => go l (kindsIn s acc)

partial def identsIn (stx : Syntax) (acc : List Name) : List Name := match stx with
  | .node _ _ args => go args.toList acc
  | .ident _ _ n _ => n.eraseMacroScopes :: acc
  | _ => acc
where go (l : List Syntax) (acc : List Name) : List Name := match l with
  | [] => acc
  | s :: l => go l (identsIn s acc)

/-- The statement's part of a theorem: binders and type, without name and proof. -/
def statementOf (stx : Syntax) : Syntax := stx.getArg 2

/-- A part of a text by byte offsets. -/
def slice (source : String) (a b : Nat) : String :=
  ({ str := source, startPos := ⟨a⟩, stopPos := ⟨b⟩ } : Substring.Raw).toString

partial def proofStart? (stx : Syntax) : Option Nat := match stx with
  | .node _ k args => if isProofKind k then (stx.getPos?).map (·.byteIdx) else go args.toList
  | _ => none
where go (l : List Syntax) : Option Nat := match l with
  | [] => none
  | s :: l => match proofStart? s with
    | some p => some p
    | none => go l

/-- A command's text without the proof if it states a theorem; nothing for what leaves no trace. -/
def plainText (source : String) (r : CommandRecord) : String :=
  let kind := (innerCommand r.stx).getKind
  if kind == `Lean.Parser.Command.moduleDoc then ""
  else match r.theorems, proofStart? r.stx with
    | [_], some p => slice source r.start p ++ " := sorry\n"
    | _, _ => slice source r.start r.stop ++ "\n"

/-- Elaborates the statements once more, without the commands that `leave` names. -/
partial def readWithout (watchdog : Watchdog) (wallMs : Nat) (state : Command.State) (source : String)
    (leave : Nat → Bool) (i : Nat) (l : List CommandRecord) : IO Environment := do
  match l with
  | [] => return state.env
  | r :: l =>
    if leave i then readWithout watchdog wallMs state source leave (i + 1) l
    else
      let done ← elabSource watchdog state (plainText source r) false wallMs
      readWithout watchdog wallMs done.state source leave (i + 1) l

/-- The names of the leading binders that Lean or the author made implicit. -/
def implicitNames (e : Expr) : List Name := match e with
  | .forallE n _ b i => if i.isImplicit then n :: implicitNames b else implicitNames b
  | _ => []

/-- Is `plain` another reading of the statement? Not if it only has a variable more that Lean bound by itself in the
place of a word that the file defines as notation. -/
def otherReading (plain type : Expr) : Bool :=
  plain != type && !plain.hasSorry && subset (implicitNames plain) (implicitNames type)
where subset (a b : List Name) : Bool := match a with
  | [] => true
  | n :: a => hasName b n && subset a b

def importedOnly (env : Environment) (l : List Name) : Bool := match l with
  | [] => true
  | n :: l => (env.getModuleIdxFor? n).isSome && importedOnly env l

def runMeta {α : Type} (env : Environment) (default : α) (x : MetaM α) : IO α := do
  let context : Core.Context :=
    { fileName := "<input>", fileMap := FileMap.ofString "", initHeartbeats := ← IO.getNumHeartbeats }
  let result ← (((x.run' {} {}).run context { env }).toBaseIO : BaseIO _)
  match result with
  | .ok (a, _) => return a
  | .error _ => return default

/-- The binders of a type as free variables (`forallTelescopeReducing`, which the embedded build lacks). -/
partial def binderContext {α : Type} (type : Expr) (lctx : LocalContext) (instances : LocalInstances) (xs : Array Expr)
    (k : Array Expr → Expr → MetaM α) : MetaM α := do
  match type with
  | .forallE n t b i =>
    let id ← mkFreshFVarId
    let lctx := lctx.mkLocalDecl id n t i
    let inner := fun (c : Meta.Context) => { c with lctx, localInstances := instances }
    let instances ← withTheReader Meta.Context inner do
      match ← isClass? t with
      | some c => return if i.isInstImplicit then instances.push { className := c, fvar := .fvar id } else instances
      | none => return instances
    binderContext (b.instantiate1 (.fvar id)) lctx instances (xs.push (.fvar id)) k
  | _ => withTheReader Meta.Context (fun c => { c with lctx, localInstances := instances }) do
    let reduced ← whnfR type
    if reduced.isForall then binderContext reduced lctx instances xs k else k xs type

def withBinders {α : Type} (type : Expr) (k : Array Expr → Expr → MetaM α) : MetaM α :=
  binderContext type {} #[] #[] k

/-- Does the library itself have an instance of this class type (instances that only decide excepted: all of a
proposition's are equal)? -/
def libraryHasInstance (pristine : Environment) (type : Expr) : IO Bool :=
  runMeta pristine false do
    withBinders type fun _ body => do
      if (← isClass? body).isNone || body.getAppFn.isConstOf `Decidable || (← isProp body) then return false
      return (← synthInstance? body).isSome

def quoted (l : List String) : String := match l with
  | [] => ""
  | [s] => s!"`{s}`"
  | s :: l => s!"`{s}`, {quoted l}"

/-- What the suspicious commands of a file are, by position, in words. -/
def describeCommand (r : CommandRecord) : String :=
  let stx := innerCommand r.stx
  match stringsIn stx with
  | [] => if stx.getKind == `Lean.Parser.Command.macro_rules then "macro_rules"
    else if isSyntaxCommand stx.getKind then "syntax" else "an instance"
  | l => s!"notation {quoted l}"

structure Reading where
  findings : List Finding := []
  remarks : List Finding := []

/-- Numbers of the commands that may change the reading. -/
def suspectCommands (i : Nat) (l : List CommandRecord) : List (Nat × CommandRecord) := match l with
  | [] => []
  | r :: l => if changesReading r.stx then (i, r) :: suspectCommands (i + 1) l else suspectCommands (i + 1) l

def hasNat (l : List Nat) (n : Nat) : Bool := match l with
  | [] => false
  | m :: l => m == n || hasNat l n

def anyText (l m : List String) : Bool := match l with
  | [] => false
  | s :: l => hasText m s || anyText l m

/-- The environments that result without all suspects, and without each single one of the first few. -/
def readings (watchdog : Watchdog) (wallMs : Nat) (initial : Command.State) (source : String)
    (records : List CommandRecord) : IO (List (List Nat × String × Environment)) := do
  let suspects := suspectCommands 0 records
  if listLength suspects == 0 then return []
  let all := positions suspects
  let mut out := #[(all, "its notation and instances", ← readWithout watchdog wallMs initial source (hasNat all) 0 records)]
  if listLength suspects > 1 then
    for (i, r) in firstFew 12 suspects do
      out := out.push ([i], describeCommand r, ← readWithout watchdog wallMs initial source (· == i) 0 records)
  return out.toList
where
  positions (l : List (Nat × CommandRecord)) : List Nat := match l with
    | [] => []
    | (i, _) :: l => i :: positions l
  firstFew (n : Nat) (l : List (Nat × CommandRecord)) : List (Nat × CommandRecord) := match n, l with
    | 0, _ => []
    | _, [] => []
    | n + 1, x :: l => x :: firstFew n l

/-- Does a syntax command concern the statement: by a kind of node that it made, or (macro_rules) rewrites? -/
def concerns (kinds : NameSet) (r : CommandRecord) : Bool :=
  meets r.fresh || ((innerCommand r.stx).getKind == `Lean.Parser.Command.macro_rules && rewrites (innerCommand r.stx))
where
  meets (l : List (Name × ConstantInfo)) : Bool := match l with
    | [] => false
    | (n, _) :: l => kinds.contains n || meets l
  rewrites (stx : Syntax) : Bool := anyNode (fun k args =>
    k == `Lean.Parser.Term.matchAlt && (match args.toList with
      | _ :: patterns :: _ => anyNode (fun k _ => kinds.contains k && isTermKind k) patterns
      | _ => false)) stx
  isTermKind (k : Name) : Bool := !isQuotationKind k && k != `null && k != `group

/-- Prop-valued section variables that became hypotheses although the theorem's own text does not name them, and
instance variables in the place of the library's instances. -/
def hiddenHypotheses (pristine env : Environment) (r : CommandRecord) (stx : Syntax) (type : Expr) : IO (List Finding) := do
  let names := variableNames r.variables
  if listLength r.variables == 0 then return []
  let written := identsIn (statementOf stx) []
  let closed ← runMeta env [] do
    withBinders type fun xs _ => do
      let mut out : Array (Name × Expr × Bool × Bool) := #[]
      let lctx := (← readThe Meta.Context).lctx
      for x in xs.toList do
        let some d := lctx.find? x.fvarId! | continue
        out := out.push (d.userName.eraseMacroScopes, d.type, d.binderInfo.isInstImplicit, ← isProp d.type)
      return out.toList
  let mut out : Array Finding := #[]
  for (n, t, isInstance, isProp) in closed do
    if isInstance then
      if !t.hasFVar && !hasName written n then
        if isProp then out := out.push (hidden n)
        else if importedOnly env t.getUsedConstants.toList then
          if ← libraryHasInstance pristine t then
            out := out.push { code := "statement_differs", text := s!"a section variable stands in the place of an instance of the library ({nameText n})" }
    else if isProp && hasName names n && !hasName written n then out := out.push (hidden n)
  return out.toList
where
  hidden (n : Name) : Finding :=
    { code := "hidden_hypothesis", text := s!"the section variable {nameText n} is a hypothesis of the theorem, which its own text does not say" }
  variableNames (l : List Syntax) : List Name := match l with
    | [] => []
    | s :: l => listAppend (identsIn (s.getArg 1) []) (variableNames l)

/-- Examines how the statement of theorem `n` (in record `r`, syntax `stx`) is read. -/
def readingOf (pristine env : Environment) (records : List CommandRecord)
    (others : List (List Nat × String × Environment)) (r : CommandRecord) (stx : Syntax) (n : Name) (info : ConstantInfo) :
    IO Reading := do
  let mut findings : Array Finding := #[]
  let mut remarks : Array Finding := #[]
  let kinds := kindsIn (statementOf stx) {}
  -- without all or one of the suspects
  let mut same : List Nat := []
  let mut differs := false
  for (left, what, plain) in others do
    if let some i := plain.find? n then
      if otherReading i.type info.type then
        if !differs then
          findings := findings.push { code := "statement_differs", text := s!"the statement differs: without {what}, {nameText n} says something else" }
        differs := true
      else if i.type == info.type then same := listAppend left same
  for (i, c) in suspectCommands 0 records do
    let inner := innerCommand c.stx
    if isSyntaxCommand inner.getKind && concerns kinds c then
      remarks := remarks.push { code := "notation", text := s!"the statement is written with the file's own {describeCommand c}" }
      if !differs && !hasNat same i && (anyText (stringsIn inner) basicTokens || inner.getKind == `Lean.Parser.Command.macro_rules && rewritesLibrary kinds inner) then
        findings := findings.push { code := "statement_differs", text := s!"the statement differs: the file gives {describeCommand c} a new meaning, and {nameText n} uses it" }
        differs := true
  -- instances and names in the place of the library's
  let own := localOnes info.type.getUsedConstants.toList
  for c in own do
    if let some i := env.find? c then
      if importedOnly env i.type.getUsedConstants.toList then
        if ← libraryHasInstance pristine i.type then
          findings := findings.push { code := "statement_differs", text := s!"the file's instance {nameText c} stands in the place of the library's" }
    for w in identsIn (statementOf stx) [] do
      let u := userName c
      if w != u && w.isSuffixOf u && pristine.contains w then
        findings := findings.push { code := "shadowed_name", text := s!"{nameText w} in the statement is the file's {nameText u}, not the library's {nameText w}" }
  findings := pushAll findings (← hiddenHypotheses pristine env r stx info.type)
  let written := listAppend (identsIn (statementOf stx) []) []
  for b in autoBound written (declared r stx) (implicitNames info.type) do
    remarks := remarks.push { code := "auto_bound", text := s!"{nameText b} is not declared, so Lean took it for a variable" }
  return { findings := findings.toList, remarks := remarks.toList }
where
  localOnes (l : List Name) : List Name := match l with
    | [] => []
    | c :: l => if (env.getModuleIdxFor? c).isSome then localOnes l else c :: localOnes l
  rewritesLibrary (kinds : NameSet) (stx : Syntax) : Bool := anyNode (fun k _ =>
    kinds.contains k && (pristine.getModuleIdxFor? k).isSome && !isQuotationKind k && startsWith (lastPart k).toList "term".toList) stx
  declared (r : CommandRecord) (stx : Syntax) : List Name :=
    listAppend (bound (stx.getArg 2)) (vars r.variables)
  vars (l : List Syntax) : List Name := match l with
    | [] => []
    | s :: l => listAppend (identsIn s []) (vars l)
  bound (sig : Syntax) : List Name := binders (sig.getArg 0).getArgs.toList
  binders (l : List Syntax) : List Name := match l with
    | [] => []
    | s :: l => listAppend (match s with
      | .ident _ _ n _ => [n.eraseMacroScopes]
      | s => identsIn (s.getArg 1) []) (binders l)
  autoBound (written declared l : List Name) : List Name := match l with
    | [] => []
    | b :: l => if hasName written b && !hasName declared b then b :: autoBound written declared l
      else autoBound written declared l

end ProofServer
