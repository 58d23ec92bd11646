-- expect: rejected axiom
axiom «Quot.sound : a» : False
theorem t : 1 = 2 := «Quot.sound : a».elim
