-- expect: accepted
theorem t (xs : List α) : xs.reverse.reverse = xs := List.reverse_reverse xs
