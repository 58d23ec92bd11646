-- expect: rejected runs_code
syntax "cheat" : tactic
macro_rules
  | `(tactic| cheat) => do
    let bad := Lean.Syntax.node .none `Lean.Parser.Tactic.tacticSorry #[Lean.mkAtom "sorry"]
    return ⟨bad⟩
theorem t : 1 = 2 := by cheat
