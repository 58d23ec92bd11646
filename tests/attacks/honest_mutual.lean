-- expect: accepted
mutual
  def ev : Nat → Bool
    | 0 => true
    | n + 1 => od n
  def od : Nat → Bool
    | 0 => false
    | n + 1 => ev n
end
theorem t : ev 10 = true := by decide
