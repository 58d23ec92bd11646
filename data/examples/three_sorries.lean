/-! Three sorries for `prove data/examples/three_sorries.lean`. -/

def sumTo : Nat → Nat
  | 0 => 0
  | n + 1 => (n + 1) + sumTo n

theorem two_mul_sumTo (n : Nat) : 2 * sumTo n = n * (n + 1) := by
  sorry

theorem swap_outer (a b c : Nat) : a + b + c = c + b + a := sorry

theorem append_nil_length (xs ys : List Nat) (h : ys = []) : (xs ++ ys).length = xs.length := by
  subst h
  sorry
