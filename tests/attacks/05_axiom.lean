-- expect: rejected axiom
axiom oops : 1 = 2
theorem t : 1 = 2 := oops
