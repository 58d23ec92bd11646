-- expect: rejected statement_differs
@[reducible] def weird : LE Nat := ⟨fun _ _ => True⟩
attribute [instance] weird
theorem t (n : Nat) : n + 1 ≤ n := trivial
