-- expect: rejected axiom
axiom cheat : False
theorem honest : 1 = 1 := rfl
theorem t : 1 = 2 := cheat.elim
