-- expect: rejected runs_code
def yes (_ : Nat) : Bool := true
@[implemented_by yes] def no (_ : Nat) : Bool := false
theorem t : no 0 = true := by native_decide
