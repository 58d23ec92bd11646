-- expect: accepted
variable {α : Type} (xs ys : List α)
theorem t : (xs ++ ys).length = xs.length + ys.length := List.length_append
