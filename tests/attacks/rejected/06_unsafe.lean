-- expect: rejected unsafe_code
unsafe def loop : False := loop
theorem t : True := trivial
