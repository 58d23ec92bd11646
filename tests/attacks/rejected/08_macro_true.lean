-- expect: rejected statement_differs
macro (priority := high) "False" : term => `(True)
theorem t : False := trivial
