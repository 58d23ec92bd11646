-- expect: invalid
def f := 1
