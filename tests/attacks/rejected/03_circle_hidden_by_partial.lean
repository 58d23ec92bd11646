-- expect: rejected
partial def f (n : Nat) : n = n + 1 := f n
theorem t (n : Nat) : n = n + 1 := f n
