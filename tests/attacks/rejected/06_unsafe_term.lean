-- expect: rejected unsafe_code
theorem t : True := unsafe trivial
