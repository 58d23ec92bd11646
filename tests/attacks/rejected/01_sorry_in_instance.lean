-- expect: rejected sorry
class Absurd where
  no : False
instance : Absurd := ⟨sorry⟩
theorem t : 1 = 2 := (Absurd.no : False).elim
