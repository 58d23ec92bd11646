-- expect: rejected unsafe_code
unsafe def cast' : Nat := unsafeCast "x"
@[implemented_by cast'] opaque n : Nat
theorem t : n = n := rfl
