-- expect: accepted
namespace A.B
section
open Nat in
theorem t (a : Nat) : succ a = a + 1 := rfl
end
end A.B
