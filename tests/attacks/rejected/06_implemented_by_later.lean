-- expect: rejected unsafe_code
def lie (n : Nat) : Bool := true
def truth (n : Nat) : Bool := n == 0
attribute [implemented_by lie] truth
theorem t : truth 1 = true := by native_decide
