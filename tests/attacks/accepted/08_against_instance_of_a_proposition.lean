-- expect: accepted
class P : Prop where
  p : True
instance t : P := ⟨trivial⟩
