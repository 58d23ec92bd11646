-- expect: rejected axiom
axiom bad : Inhabited False
noncomputable instance : Inhabited False := bad
theorem t : 1 = 2 := (default : False).elim
