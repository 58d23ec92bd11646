/-- `a + 1 + 2 + … + n`, with an accumulator. -/
def sumTo : Nat → Nat → Nat
  | 0, a => a
  | n + 1, a => sumTo n (a + (n + 1))
