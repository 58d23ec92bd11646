-- expect: rejected elaboration
mutual
theorem a (n : Nat) : n = n + 1 := b n
theorem b (n : Nat) : n = n + 1 := a n
end
