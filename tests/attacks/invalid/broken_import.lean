-- expect: invalid
import
theorem t : 1 = 1 := rfl
