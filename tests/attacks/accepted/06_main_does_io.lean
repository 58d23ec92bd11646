-- expect: accepted
def main : IO Unit := IO.println "hello"
theorem t : 2 + 2 = 4 := rfl
