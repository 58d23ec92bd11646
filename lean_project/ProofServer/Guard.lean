module
public meta import ProofServer.Compat
public import ProofServer.Compat

/-!
# What is refused before it is elaborated

Elaborating a text can run code of its author: `#eval`, `run_tac`, `elab`, an attribute that registers a function,
a macro. Such code could touch files or answer in the server's place, so text that we do not trust is looked at
after parsing and before elaboration. Everything goes by the *kind* of a syntax node, which is what Lean's own
dispatch goes by; the spelling of a name or the content of a string never matters.

The argument that what passes runs no code with effects:
1. No kind passes whose elaborator evaluates a term of the author in `IO` or above it (`codeKinds`, attributes).
2. A macro passes only if its right-hand side is a quotation without computed parts, so that whatever it can
   produce is in sight of the same walk, in its definition or where it is used.
3. Other terms that Lean evaluates (configurations of tactics, precedences) are pure and may use the author's
   definitions; `effectIn` refuses a definition that hides an effect behind a pure type, and `unsafe`,
   `implemented_by` and `extern`, the only other roads to one, do not pass at all.
-/
open Lean Elab
public meta section
namespace ProofServer

/-- A reason for a rejection: stable code (docs/soundness.md has the table) and one sentence. -/
structure Finding where
  code : String
  text : String

def Finding.toJson (f : Finding) : Json := Json.mkObj [("code", jStr f.code), ("text", jStr (clip f.text 1000))]

def findingsJson (l : List Finding) : Json := jArr (go l #[])
where go (l : List Finding) (acc : Array Json) : Array Json := match l with
  | [] => acc
  | f :: l => go l (acc.push f.toJson)

/-- What is refused depends on whose text it is: one step of a search may also not give up, change options or
trust compiled code; in a whole file such things are judged afterwards, by what the proof depends on. -/
inductive GuardMode where
  | step
  | file

def nameSet (l : List Name) : NameSet := go l {}
where go (l : List Name) (s : NameSet) : NameSet := match l with
  | [] => s
  | n :: l => go l (s.insert n)

/-- These run code of the author while the file is elaborated. -/
def codeKinds : NameSet := nameSet
  [`Lean.runCmd, `Lean.runElab, `Lean.runMeta, `Lean.byElab, `Lean.Parser.Term.byElab, `Lean.Parser.Term.runElab,
   `Lean.Parser.Tactic.runTac, `Lean.Parser.Command.eval, `Lean.Parser.Command.evalBang,
   `Lean.Parser.Command.guardCmd, `Lean.Parser.Command.elab, `Lean.Parser.Command.elab_rules,
   `Lean.Parser.Command.initialize, `Lean.Parser.Command.registerTryTactic,
   `Lean.Parser.Command.registerSimpAttr, `Lean.Parser.Command.registerLabelAttr,
   `Lean.Parser.Command.registerGrindAttr, `Lean.Parser.Command.initGrindNorm,
   `Lean.Parser.Command.registerErrorExplanationStx, `Lean.Parser.Command.withWeakNamespace,
   `Lean.Option.registerOption, `Lean.Option.registerBuiltinOption,
   `Lean.Elab.Tactic.configElab, `Lean.Elab.Tactic.commandConfigElab,
   `Lean.showPanelWidgetsCmd, `Lean.Widget.widgetCmd, `Lean.setPremiseSelectorCmd,
   `Lean.setLibrarySuggestionsCmd, `Lean.Parser.Command.importPath, `Lean.Parser.Term.evalId]

/-- Reads a file. -/
def fileKinds : NameSet := nameSet [`Lean.includeStr, `Lean.Parser.Term.includeStr]

/-- What a single proof step may not do beyond that: give up, or trust compiled code or another program. -/
def stepKinds : NameSet := nameSet
  [`Lean.Parser.Term.sorry, `Lean.Parser.Tactic.tacticSorry, `Lean.Parser.Tactic.tacticAdmit,
   `Lean.Parser.Tactic.tacticStop_, `Lean.Parser.Tactic.mstop, `Lean.Parser.Tactic.mstopMacro,
   `Lean.Parser.Tactic.Grind.sorry, `Lean.Parser.Tactic.Grind.grindAdmit,
   `Lean.Parser.Tactic.nativeDecide, `Lean.Parser.Tactic.bvDecide, `Lean.Parser.Tactic.bvDecideMacro,
   `Lean.Parser.Tactic.bvCheck, `Lean.Parser.Tactic.bvTrace, `Lean.Parser.Tactic.bvTraceMacro]

def setOptionKinds : NameSet := nameSet
  [`Lean.Parser.Command.set_option, `Lean.Parser.Tactic.set_option, `Lean.Parser.Term.set_option,
   `Lean.Parser.Tactic.Conv.set_option]

def configKinds : NameSet := nameSet
  [`Lean.Parser.Tactic.valConfigItem, `Lean.Parser.Tactic.posConfigItem, `Lean.Parser.Tactic.config]

/-- Nothing else may stand in a configuration: Lean evaluates it. -/
def configValueKinds : NameSet := nameSet
  [`num, `str, `scientific, `char, `null, `group, `hygieneInfo, `Lean.Parser.Term.structInst,
   `Lean.Parser.Term.structInstFields, `Lean.Parser.Term.structInstField, `Lean.Parser.Term.structInstLVal,
   `Lean.Parser.Term.structInstFieldDef, `Lean.Parser.Term.structInstFieldAbbrev, `Lean.Parser.Term.optEllipsis,
   `Lean.Parser.Term.paren, `Lean.Parser.Term.hygienicLParen, `Lean.Parser.Term.anonymousCtor,
   `Lean.Parser.Term.dotIdent, `Lean.Parser.Tactic.valConfigItem, `Lean.Parser.Tactic.posConfigItem,
   `Lean.Parser.Tactic.config]

def firstOf (l : List Syntax) : Syntax := match l with
  | [] => .missing
  | s :: _ => s

def lastOf (l : List Syntax) : Syntax := match l with
  | [] => .missing
  | [s] => s
  | _ :: l => lastOf l

def startsWith (l m : List Char) : Bool := match l, m with
  | _, [] => true
  | [], _ => false
  | a :: l, b :: m => a == b && startsWith l m

def hasInfix (l m : List Char) : Bool := match l with
  | [] => startsWith [] m
  | a :: l' => startsWith (a :: l') m || hasInfix l' m

def hasAnyInfix (s : String) (l : List String) : Bool := match l with
  | [] => false
  | m :: l => hasInfix s.toList m.toList || hasAnyInfix s l

def hasText (l : List String) (s : String) : Bool := match l with
  | [] => false
  | t :: l => t == s || hasText l s

def lastPart (n : Name) : String := match n with
  | .str _ s => s
  | _ => ""

def rootPart (n : Name) : Name := match n with
  | .str .anonymous s => .str .anonymous s
  | .str p _ => rootPart p
  | .num p _ => rootPart p
  | .anonymous => .anonymous

/-- Attributes that put other code in the place of a definition's own. -/
def unsafeAttributes : List String := ["implemented_by", "extern", "export", "init", "builtin_init"]

/-- Attributes that have Lean run the definition: elaborators, parsers, printers, simplification procedures. -/
def codeAttribute (s : String) : Bool :=
  hasText ["macro", "tactic", "incremental", "run_parser_attribute_hooks"] s ||
  hasAnyInfix s ["_elab", "builtin", "parser", "formatter", "parenthesizer", "delab", "unexpander", "code_action",
    "simproc", "evalproc", "Propagator", "widget", "server_rpc", "doc_role", "doc_code", "doc_command",
    "doc_directive", "precheck", "ignore_fn", "docs_handler", "try_tactic", "suggestion", "grind_tactic", "hooks",
    "norm_num", "positivity", "_ext_tac"]

/-- Options that switch off a check. Raised limits are not among them. -/
def forbiddenOption (n : Name) : Bool :=
  hasName [`debug, `internal, `bootstrap, `interpreter] (rootPart n) || n == `Elab.async

def isQuotationKind (k : Name) : Bool := hasText ["quot", "quotSeq", "dynamicQuot", "precheckedQuot"] (lastPart k)

def isAntiquotKind (k : Name) : Bool := hasInfix (lastPart k).toList "antiquot".toList

partial def anyNode (p : Name → Array Syntax → Bool) (stx : Syntax) : Bool := match stx with
  | .node _ k args => p k args || go args.toList
  | _ => false
where go (l : List Syntax) : Bool := match l with
  | [] => false
  | s :: l => anyNode p s || go l

/-- A right-hand side of a macro that computes nothing: a quotation into which only the macro's own arguments are
put, or the word that means "not mine". -/
def plainQuotation (rhs : Syntax) : Bool := match rhs with
  | .node _ k _ => isQuotationKind k && !anyNode computed rhs
  | .ident _ _ n _ => lastPart n.eraseMacroScopes == "throwUnsupported"
  | _ => false
where computed (k : Name) (args : Array Syntax) : Bool :=
  k == `antiquotNestedExpr && (match args.toList with
    | [_, .ident .., _] => false
    | _ => true)

partial def mentionsNative (stx : Syntax) : Bool := match stx with
  | .ident _ _ n _ => n.eraseMacroScopes == `native
  | .atom _ s => s == "native"
  | .node _ _ args => go args.toList
  | .missing => false
where go (l : List Syntax) : Bool := match l with
  | [] => false
  | s :: l => mentionsNative s || go l

def optionName (args : List Syntax) : Name := match args with
  | .ident _ _ n _ :: _ => n.eraseMacroScopes
  | _ :: l => optionName l
  | [] => .anonymous

def attributeName (attr : Syntax) : String := match attr with
  | .node _ `Lean.Parser.Attr.simple args => match args.toList with
    | .ident _ _ n _ :: _ => lastPart n.eraseMacroScopes
    | _ => ""
  | .node _ k _ => lastPart k
  | _ => ""

/-- What one node does wrong, its parts apart. -/
def guardNode (mode : GuardMode) (quoted : Bool) (k : Name) (args : Array Syntax) : Option Finding :=
  let step := match mode with
    | .step => true
    | .file => false
  let runs (what : String) : Option Finding :=
    some { code := "runs_code", text := s!"{what} runs code while Lean reads the text" }
  if codeKinds.contains k then runs (keyword args.toList (nameText k))
  else if isSimproc k then runs "a simplification procedure"
  else if fileKinds.contains k then some { code := "reads_file", text := "the text reads another file (include_str)" }
  else if k == `Lean.Parser.Command.unsafe || k == `Lean.Parser.Term.unsafe then
    some { code := "unsafe_code", text := "unsafe code is not allowed" }
  else if step && stepKinds.contains k then
    some { code := "forbidden", text := s!"{keyword args.toList (nameText k)} may not be used in a proof step" }
  else if setOptionKinds.contains k then
    let option := optionName args.toList
    if step then some { code := "forbidden", text := "options may not be changed in a proof step" }
    else if quoted && anyOf isAntiquot args.toList then runs "a computed option"
    else if forbiddenOption option then
      some { code := "forbidden_option", text := s!"the option {nameText option} switches off a check" }
    else none
  else if configKinds.contains k then
    if step && anyOf mentionsNative args.toList then
      some { code := "forbidden", text := "evaluation by compiled code may not be used in a proof step" }
    else if !anyOf isAntiquot args.toList && anyOf (anyNode fun k _ => !configValueKinds.contains k) args.toList then
      runs "a computed configuration"
    else none
  else if k == `Lean.Parser.Term.attrInstance then
    let name := attributeName (lastOf args.toList)
    if hasText unsafeAttributes name then
      some { code := "unsafe_code", text := s!"the attribute {name} puts other code in a definition's place" }
    else if codeAttribute name then runs s!"the attribute {name}"
    else none
  else if (k == `Lean.Parser.Term.attributes || k == `Lean.Parser.Command.attribute) && quoted
      && anyOf isAntiquot args.toList then runs "a computed attribute"
  else if k == `Lean.Parser.Command.macroRhs then
    if plainQuotation (firstOf args.toList) then none else runs "a macro that computes"
  else if k == `Lean.Parser.Command.macro_rules then
    if anyOf (anyNode badAlternative) args.toList then runs "a macro that computes" else none
  else if k == `Lean.Parser.Command.binderPredicate then
    if plainQuotation (lastOf args.toList) then none else runs "a macro that computes"
  else none
where
  keyword (l : List Syntax) (d : String) : String := match l with
    | .atom _ s :: _ => s
    | _ :: l => keyword l d
    | [] => d
  anyOf (p : Syntax → Bool) (l : List Syntax) : Bool := match l with
    | [] => false
    | s :: l => p s || anyOf p l
  isAntiquot (s : Syntax) : Bool := anyNode (fun k _ => isAntiquotKind k) s
  isSimproc (k : Name) : Bool := match k with
    | .str (.str (.str .anonymous "Lean") "Parser") s => hasAnyInfix s ["improc"]
    | _ => false
  badAlternative (k : Name) (args : Array Syntax) : Bool :=
    k == `Lean.Parser.Term.matchAlt && !plainQuotation (lastOf args.toList)

/-- The first thing in a piece of syntax that is refused. -/
partial def guardSyntax (mode : GuardMode) (stx : Syntax) (quoted : Bool := false) : Option Finding :=
  match stx with
  | .node _ k args => match guardNode mode quoted k args with
    | some f => some f
    | none => go (quoted || isQuotationKind k) args.toList
  | _ => none
where go (quoted : Bool) (l : List Syntax) : Option Finding := match l with
  | [] => none
  | s :: l => match guardSyntax mode s quoted with
    | some f => some f
    | none => go quoted l

/-- Types of actions, and what an action's run consists of. -/
def effectNames : NameSet := nameSet
  [`IO, `EIO, `BaseIO, `ST, `EST, `IO.RealWorld, `Lean.Core.CoreM, `Lean.CoreM, `Lean.Meta.MetaM, `Lean.MetaM,
   `Lean.Elab.TermElabM, `Lean.Elab.Term.TermElabM, `Lean.Elab.Tactic.TacticM, `Lean.Elab.Command.CommandElabM,
   `Lean.Meta.Simp.SimpM, `Lean.AttrM, `Lean.ImportM]

def tokenNames : NameSet := nameSet [`Void, `Void.mk, `Void.nonemptyType, `ST.Out, `EST.Out, `IO.RealWorld.nonemptyType]

/-- Does this definition run an action behind a type that does not say so? -/
def effectIn (i : ConstantInfo) : Option Finding :=
  match i with
  | .defnInfo v => look i.name v.type v.value
  | .opaqueInfo v => look i.name v.type v.value
  | _ => none
where
  look (n : Name) (type value : Expr) : Option Finding :=
    let inType := type.getUsedConstants.toList
    let inValue := value.getUsedConstants.toList
    if meets tokenNames inType || meets tokenNames inValue || (!meets effectNames inType && meets effectNames inValue) then
      some { code := "runs_code", text := s!"{nameText n} runs an action although its type does not say so" }
    else none
  meets (s : NameSet) (l : List Name) : Bool := match l with
    | [] => false
    | n :: l => s.contains n || meets s l

end ProofServer
