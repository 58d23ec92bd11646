-- expect: invalid
theorem t : "ÿþ" = "" := rfl
