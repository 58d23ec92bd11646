-- expect: rejected axiom
axiom cheat : 1 = 2
theorem t : 1 = 2 := cheat
