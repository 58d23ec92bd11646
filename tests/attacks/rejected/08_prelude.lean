-- expect: rejected prelude
prelude
theorem t : True := trivial
