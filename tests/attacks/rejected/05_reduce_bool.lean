-- expect: rejected axiom
def check : Bool := 2 ^ 10 == 1024
theorem t : check = true := Lean.ofReduceBool check true rfl
