-- expect: rejected axiom
axiom cheat : False
theorem helper (P : Prop) : P := cheat.elim
theorem t : 1 = 2 := helper _
