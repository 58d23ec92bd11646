-- expect: rejected unsafe_code
def lie (n : Nat) : Bool := true
@[implemented_by lie] def truth (n : Nat) : Bool := n == 0
theorem t : truth 1 = true := by native_decide
