module
public meta import ProofServer.Frontend
public import ProofServer.Frontend

/-!
# What a text that is checked may contain

A text of unknown origin is screened command by command before it is elaborated. What runs code with effects at
elaboration time could write to our output, touch files or edit the environment behind the elaborator's back, so it
is refused. What changes the meaning of notation or of instances is allowed, but the statement is then elaborated a
second time without it (see `Check`).
-/
open Lean Elab
public meta section
namespace ProofServer

def lastPart (n : Name) : String := match n with
  | .str _ s => s
  | _ => ""

def hasText (l : List String) (s : String) : Bool := match l with
  | [] => false
  | a :: l => a == s || hasText l s

/-- Syntax that runs code with effects, by the last part of its kind. -/
def runningKinds : List String :=
  ["runCmd", "runElab", "runMeta", "runTac", "byElab", "eval", "evalBang", "initialize", "elab", "elab_rules",
   "includeStr", "unsafe", "simprocDecl", "simprocPattern", "dsimprocDecl", "simproc_decl"]

/-- Attributes that hook code into Lean or replace compiled code. -/
def runningAttributes : List String :=
  ["command_elab", "term_elab", "tactic", "builtin_command_elab", "builtin_term_elab", "builtin_tactic",
   "implemented_by", "extern", "init", "builtin_init", "export", "simproc", "dsimproc", "simprocAttr", "csimp",
   "command_parser", "term_parser", "tactic_parser", "run_builtin_parser_attribute_hooks"]

/-- The first thing in a command that runs code, described. -/
partial def runsCode (stx : Syntax) : Option String :=
  match stx with
  | .node _ k args =>
    if hasText runningKinds (lastPart k) then some s!"{nameText k} runs code while it is checked"
    else if k == `Lean.Parser.Term.attrInstance then attributeIn args.toList
    else go args.toList
  | _ => none
where
  go (l : List Syntax) : Option String := match l with
    | [] => none
    | s :: l => match runsCode s with
      | some r => some r
      | none => go l
  attributeIn (l : List Syntax) : Option String := match l with
    | [] => none
    | s :: l => match named s with
      | some r => some r
      | none => attributeIn l
  named (s : Syntax) : Option String := match s with
    | .ident _ _ n _ => bad (nameText n)
    | .atom _ a => bad a
    | .node _ _ args => attributeIn args.toList
    | _ => none
  bad (s : String) : Option String :=
    if hasText runningAttributes s then some s!"the attribute {s} replaces or hooks compiled code" else none

/-- Commands that change what notation or instances mean, by the last part of their kind. -/
def meaningKinds : List String :=
  ["notation", "mixfix", "macro", "macro_rules", "syntax", "syntaxAbbrev", "attribute", "binderPredicate", "unif_hint",
   "export", "instance"]

partial def changesMeaning (stx : Syntax) : Bool :=
  let k := lastPart stx.getKind
  if hasText meaningKinds k then true
  else if stx.getKind == `Lean.Parser.Command.declaration then lastPart (stx.getArg 1).getKind == "instance"
  else if stx.getKind == `Lean.Parser.Command.in then changesMeaning (stx.getArg 0) || changesMeaning (stx.getArg 2)
  else false

def screenCode (stx : Syntax) : Screening := match runsCode stx with
  | some reason => .refuse reason
  | none => .elaborate

/-- Leaves out what changes the meaning of notation or instances. -/
def screenMeaning (stx : Syntax) : Screening := if changesMeaning stx then .skip else screenCode stx

def anyChangesMeaning (l : List (Syntax × List InfoTree)) : Bool := match l with
  | [] => false
  | (s, _) :: l => changesMeaning s || anyChangesMeaning l

end ProofServer
