-- expect: accepted
local notation "two" => (2 : Nat)
theorem t : 2 + 2 = 4 := show two + two = 4 from rfl
