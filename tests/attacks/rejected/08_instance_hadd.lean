-- expect: rejected statement_differs
instance : HAdd Nat Nat Nat := ⟨fun a _ => a⟩
theorem t (a b : Nat) : a + b = a := rfl
