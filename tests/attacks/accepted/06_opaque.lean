-- expect: accepted
opaque secret : Nat
theorem t : secret = secret := rfl
