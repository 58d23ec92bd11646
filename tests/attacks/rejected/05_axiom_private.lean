-- expect: rejected axiom
private axiom cheat : False
theorem t : 1 = 2 := cheat.elim
