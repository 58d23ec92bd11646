namespace Five

/-- Doubles. -/
def double : Nat → Nat
  | 0 => 0
  | n + 1 => double n + 2

@[simp] theorem double_zero : double 0 = 0 := rfl

theorem double_eq (n : Nat) : double n = n + n := by
  induction n with
  | zero => rfl
  | succ n ih =>
    rw [double, ih]
    omega

theorem conj {p q : Prop} (hp : p) (hq : q) : q ∧ p := by
  constructor
  · exact hq
  · exact hp

theorem even (n : Nat) : ∃ k, double n = 2 * k := by
  have h : double n = 2 * n := by
    rw [double_eq]
    omega
  exact ⟨n, h⟩

@[simp]
private theorem swap (a b c : Nat) (h : a = b) : c + a = b + c ∧ True := by
  refine ⟨?_, trivial⟩
  subst h
  simp [Nat.add_comm]

theorem cases (p q : Prop) : p ∨ q → q ∨ p := by
  intro h
  rcases h with hp | hq
  case inr => left; exact hq
  all_goals
    right
    assumption

end Five
