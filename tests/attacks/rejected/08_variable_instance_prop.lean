-- expect: rejected hidden_hypothesis
class Absurd : Prop where
  no : False
variable [Absurd]
theorem t : 1 = 2 := Absurd.no.elim
