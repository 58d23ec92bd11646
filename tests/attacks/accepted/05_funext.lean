-- expect: accepted
theorem t (f : Nat → Nat) (h : ∀ x, f x = x) : f = id := funext h
