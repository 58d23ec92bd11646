/-! One theorem that is true and one that is not: `prove` fills the first and says so of the second. -/

theorem fine (a b : Nat) : a * b = b * a := sorry

theorem wrong (a b : Nat) : a - b = b - a := sorry
