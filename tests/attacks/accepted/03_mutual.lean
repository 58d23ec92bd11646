-- expect: accepted
mutual
inductive Even : Nat → Prop
  | zero : Even 0
  | succ {n} : Odd n → Even (n + 1)
inductive Odd : Nat → Prop
  | succ {n} : Even n → Odd (n + 1)
end
theorem t : Odd 3 := .succ (.succ (.succ .zero))
