-- expect: rejected elaboration
theorem t : 1 = 1 := rfl
end
