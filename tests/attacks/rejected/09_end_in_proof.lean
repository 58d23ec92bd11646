-- expect: rejected elaboration
namespace A
theorem t : 1 = 2 := by
  rfl
end A
