-- expect: rejected runs_code
opaque token : Void IO.RealWorld
theorem t : True := trivial
