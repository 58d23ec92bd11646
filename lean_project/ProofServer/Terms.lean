module
public meta import ProofServer.Step
public import ProofServer.Step

/-!
# Terms in prefix notation

A compact, unambiguous form of propositions, for programs that match or relate them: tokens separated by
blanks, each followed by the terms of its arguments.

- `Name` or `Name/k`: a constant with `k` arguments: the explicit ones and, before them, the first type
  (`HAdd.hAdd/3 Nat a b`); instances and other implicit arguments are left out
- `'x`: a variable or hypothesis of the context; `@/k f a …`: a variable applied to `k - 1` arguments
- `#i`: a variable bound in the term itself (de Bruijn), `?i`: one bound around it, which a theorem's user chooses
- `→/2`, `∀/2`, `∀i/2` (implicit), `λ/1`: binders, with the domain (not for `λ`) and the body
- digits: a numeral; `_`: a metavariable; `…`: anything else, or what was cut off
-/
open Lean Elab Meta
public meta section
namespace ProofServer

structure Tokens where
  text : String := ""
  left : Nat

def Tokens.add (t : Tokens) (s : String) : Tokens :=
  { text := if t.text.utf8ByteSize == 0 then s else t.text ++ " " ++ s, left := t.left - 1 }

def withArity (s : String) (n : Nat) : String := match n with
  | 0 => s
  | n => s ++ "/" ++ Nat.repr n

/-- The arguments worth keeping: explicit ones and the first type. -/
def keptArguments (type : Expr) (args : List Expr) (typed : Bool) : List Expr := match args with
  | [] => []
  | a :: rest => match type with
    | .forallE _ d b i => match i with
      | .default => a :: keptArguments b rest typed
      | .instImplicit => keptArguments b rest typed
      | _ => if !typed && d.isSort then a :: keptArguments b rest true else keptArguments b rest typed
    | .mdata _ t => keptArguments t args typed
    | _ => args

def spine (e : Expr) (acc : List Expr) : List Expr := match e with
  | .app f a => spine f (a :: acc)
  | _ => acc

partial def addTerm (env : Environment) (lctx : LocalContext) (depth : Nat) (e : Expr) (t : Tokens) : Tokens :=
  if t.left == 0 then { t.add "…" with left := 0 } else match e with
  | .mdata _ e => addTerm env lctx depth e t
  | .lit (.natVal n) => t.add (Nat.repr n)
  | .const n _ => t.add (nameText n)
  | .fvar f => t.add (variableText f)
  | .bvar i => t.add (bound i)
  | .mvar _ => t.add "_"
  | .lam _ _ b _ => addTerm env lctx (depth + 1) b (t.add "λ/1")
  | .forallE _ d b i =>
    let token := if !b.hasLooseBVar 0 then "→/2" else match i with | .default => "∀/2" | _ => "∀i/2"
    addTerm env lctx (depth + 1) b (addTerm env lctx depth d (t.add token))
  | .app .. =>
    match e.getAppFn with
    | .const n _ =>
      let args := spine e []
      let numeral? := match args with
        | [_, .lit (.natVal k), _] => if n == ``OfNat.ofNat then some k else none
        | _ => none
      match numeral? with
      | some k => t.add (Nat.repr k)
      | none =>
        let kept := match env.find? n with
          | some i => keptArguments i.type args false
          | none => args
        all kept (t.add (withArity (nameText n) (listLength kept)))
    | .fvar f =>
      let args := spine e []
      all args ((t.add (withArity "@" (listLength args + 1))).add (variableText f))
    | .bvar i =>
      let args := spine e []
      all args ((t.add (withArity "@" (listLength args + 1))).add (bound i))
    | .mvar _ => t.add "_"
    | _ => t.add "…"
  | _ => t.add "…"
where
  all (l : List Expr) (t : Tokens) : Tokens := match l with
    | [] => t
    | a :: l => all l (addTerm env lctx depth a t)
  bound (i : Nat) : String := if i < depth then "#" ++ Nat.repr i else "?" ++ Nat.repr (i - depth)
  variableText (f : FVarId) : String := match lctx.find? f with
    | some d => "'" ++ (if d.userName.hasMacroScopes then nameText d.userName.eraseMacroScopes ++ "✝" else nameText d.userName)
    | none => "…"

/-- `e` in prefix notation, cut off after about `size` tokens. -/
def termText (env : Environment) (lctx : LocalContext) (e : Expr) (size : Nat) : String :=
  (addTerm env lctx 0 e { left := size }).text

end ProofServer
