-- expect: invalid
import Does.Not.Exist
theorem t : 1 = 1 := rfl
