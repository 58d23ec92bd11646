module
public meta import ProofServer.Frontend
public meta import ProofServer.Guard
public import ProofServer.Frontend
public import ProofServer.Guard

/-!
# Elaborating a text that is not trusted, command by command

Before a command is elaborated a policy may refuse it, which ends the text there. Afterwards it is noted what the
command declared, so that the check need not guess from names.
-/
open Lean Elab Meta
public meta section
namespace ProofServer

/-- One command as it was elaborated. -/
structure CommandRecord where
  stx : Syntax
  /-- byte offsets of its text, white space before it included -/
  start : Nat
  stop : Nat
  /-- constants that it added to the environment -/
  fresh : List (Name × ConstantInfo) := []
  /-- the theorems that its text states: (name in the environment, their syntax) -/
  theorems : List (Name × Syntax) := []
  /-- the section variables in force -/
  variables : List Syntax := []
  /-- what Lean said of it -/
  notes : List Note := []
  /-- the state after it -/
  after? : Option Command.State := none

structure Guarded where
  state : Command.State
  notes : Array Note := #[]
  records : Array CommandRecord := #[]
  refused : Option Finding := none
  interrupted : Bool := false
  seen : NameSet := {}
  /-- where in its text the commands end -/
  stop : String.Pos.Raw := 0

/-- The name that a user would write, for what is `private` as well. -/
def userName (n : Name) : Name := (privateToUserName? n).getD n

/-- Kinds of the part of a declaration that is its value or proof. -/
def isProofKind (k : Name) : Bool :=
  k == `Lean.Parser.Command.declValSimple || k == `Lean.Parser.Command.declValEqns
  || k == `Lean.Parser.Command.whereStructInst

/-- Equal syntax, positions apart; with `proofs`, up to the values and proofs of declarations. -/
partial def sameSyntax (proofs : Bool) (a b : Syntax) : Bool := match a, b with
  | .missing, .missing => true
  | .atom _ x, .atom _ y => x == y
  | .ident _ _ x _, .ident _ _ y _ => x == y
  | .node _ k xs, .node _ l ys => (proofs && isProofKind k && isProofKind l) || (k == l && go xs.toList ys.toList)
  | _, _ => false
where go (a b : List Syntax) : Bool := match a, b with
  | [], [] => true
  | x :: a, y :: b => sameSyntax proofs x y && go a b
  | _, _ => false

/-- The theorems in a command, wherever they stand in it (`mutual`, `open … in`): name and syntax. -/
partial def statedTheorems (stx : Syntax) : List (Name × Syntax) := match stx with
  | .node _ k args =>
    if k == `Lean.Parser.Command.theorem || k == `group && isLemma args.toList then
      [(((stx.getArg 1).getArg 0).getId, stx)]
    else if isProofKind k then []
    else go args.toList
  | _ => []
where
  go (l : List Syntax) : List (Name × Syntax) := match l with
    | [] => []
    | s :: l => listAppend (statedTheorems s) (go l)
  isLemma (l : List Syntax) : Bool := match l with
    | .atom _ s :: _ => s == "lemma" || s == "lemma "
    | _ => false

/-- Finds the constant that a theorem's text declared: the new one whose name ends so. -/
def resolveTheorem (ns : Name) (fresh : List (Name × ConstantInfo)) (written : Name) : Name :=
  let written := written.eraseMacroScopes.replacePrefix `_root_ .anonymous
  match exact (ns ++ written) fresh with
  | some n => n
  | none => match exact written fresh with
    | some n => n
    | none => match suffix written fresh with
      | some n => n
      | none => ns ++ written
where
  exact (n : Name) (l : List (Name × ConstantInfo)) : Option Name := match l with
    | [] => none
    | (m, _) :: l => if userName m == n then some m else exact n l
  suffix (n : Name) (l : List (Name × ConstantInfo)) : Option Name := match l with
    | [] => none
    | (m, _) :: l => if n.isSuffixOf (userName m) then some m else suffix n l

def freshConstants (seen : NameSet) (l : List (Name × ConstantInfo)) (acc : List (Name × ConstantInfo)) :
    List (Name × ConstantInfo) := match l with
  | [] => acc
  | (n, i) :: l => freshConstants seen l (if seen.contains n then acc else (n, i) :: acc)

def insertAll (s : NameSet) (l : List (Name × ConstantInfo)) : NameSet := match l with
  | [] => s
  | (n, _) :: l => insertAll (s.insert n) l

def firstEffect (l : List (Name × ConstantInfo)) : Option Finding := match l with
  | [] => none
  | (_, i) :: l => match effectIn i with
    | some f => some f
    | none => firstEffect l

def scopeOf (s : Command.State) : Command.Scope := match s.scopes with
  | c :: _ => c
  | [] => { header := "" }

/-- What a policy says of the `i`-th command: refuse it; or whether what it declares is to be looked at. -/
inductive Ruling where
  | refuse (f : Finding)
  | trusted
  | untrusted

partial def guardedCommands (input : Parser.InputContext) (policy : Nat → Syntax → Ruling)
    (parser : Parser.ModuleParserState) (acc : Guarded) (token : IO.CancelToken) : IO Guarded := do
  let scope := scopeOf acc.state
  let context : Parser.ParserModuleContext :=
    { env := acc.state.env, options := scope.opts, currNamespace := scope.currNamespace,
      openDecls := scope.openDecls }
  let start := parser.pos
  let (stx, parser, log) := Parser.parseCommand input context parser {}
  let read ← notesOf log
  let acc := { acc with notes := pushAll acc.notes read.toList }
  if Parser.isTerminalCommand stx then
    if stx.getKind == `Lean.Parser.Command.exit then
      return { acc with refused := some { code := "early_exit", text := "the text stops at #exit; what follows is not read" } }
    return acc
  let ruling := policy acc.records.size stx
  if let .refuse f := ruling then return { acc with refused := some f }
  let state := { acc.state with messages := {}, infoState := { acc.state.infoState with trees := {} } }
  let state ← elabCommand input start stx state token
  let notes ← notesOf state.messages
  let fresh := freshConstants acc.seen (localConstants state.env) []
  let record : CommandRecord :=
    { stx, start := start.byteIdx, stop := parser.pos.byteIdx, fresh
      theorems := resolve scope.currNamespace fresh (statedTheorems stx)
      variables := syntaxes scope.varDecls.toList
      notes := listAppend read.toList notes.toList, after? := some state }
  let acc := { acc with
    state, notes := pushAll acc.notes notes.toList, records := acc.records.push record
    seen := insertAll acc.seen fresh, stop := parser.pos }
  if ← token.isSet then return { acc with interrupted := true }
  if let .untrusted := ruling then
    if let some f := firstEffect fresh then return { acc with refused := some f }
  guardedCommands input policy parser acc token
where
  resolve (ns : Name) (fresh : List (Name × ConstantInfo)) (l : List (Name × Syntax)) : List (Name × Syntax) :=
    match l with
    | [] => []
    | (n, s) :: l => (resolveTheorem ns fresh n, s) :: resolve ns fresh l
  syntaxes (l : List (TSyntax ``Parser.Term.bracketedBinder)) : List Syntax := match l with
    | [] => []
    | s :: l => s.raw :: syntaxes l

/-- Elaborates `source` (no import lines), under a policy, from where `begun` ends. -/
def elabGuarded (watchdog : Watchdog) (begun : Guarded) (source : String) (policy : Nat → Syntax → Ruling)
    (wallMs : Nat) : IO Guarded := do
  let input : Parser.InputContext :=
    { inputString := source, fileName := "<input>", fileMap := FileMap.ofString source }
  let token ← watchdog.arm wallMs
  let result ← guardedCommands input policy { pos := begun.stop } begun token
  watchdog.disarm
  return result

/-- What of `g`, the elaboration of `text`, holds for `source` as well: the commands that both begin with, byte by
byte. The word after them must begin alike too, or the parser could have gone on. -/
def Guarded.sharedWith (g : Guarded) (initial : Command.State) (text source : String) : Guarded :=
  go { state := initial } g.records.toList
where go (acc : Guarded) (l : List CommandRecord) : Guarded := match l with
  | [] => acc
  | r :: l => match r.after? with
    | none => acc
    | some state =>
      let word : String.Pos.Raw := ⟨r.stop + 8⟩
      if word ≤ text.rawEndPos && (String.Pos.Raw.extract text 0 word) == (String.Pos.Raw.extract source 0 word) then
        go { acc with
          state, records := acc.records.push r, notes := pushAll acc.notes r.notes
          seen := insertAll acc.seen r.fresh, stop := ⟨r.stop⟩ } l
      else acc

/-- Everything may run: for the text that says what is asked, which is the user's own. -/
def trustAll : Nat → Syntax → Ruling := fun _ _ => .trusted

/-- For a file that somebody else wrote. -/
def guardAll : Nat → Syntax → Ruling := fun _ stx => match guardSyntax .file stx with
  | some f => .refuse f
  | none => .untrusted

/-- The commands must be those of the reference, up to values and proofs; only what differs is suspicious. -/
def strictly (reference : Array CommandRecord) : Nat → Syntax → Ruling := fun i stx => match reference[i]? with
  | none => .refuse { code := "extra_commands", text := s!"the text has more than the {reference.size} commands of the reference" }
  | some r =>
    if sameSyntax false r.stx stx then .trusted
    else if sameSyntax true r.stx stx then guardAll i stx
    else .refuse { code := "extra_commands", text := s!"command {i + 1} differs from the reference's in more than its proof" }

end ProofServer
