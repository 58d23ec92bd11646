-- expect: rejected shadowed_name
namespace Hidden
inductive Nat where
  | only
theorem t (a b : Nat) : a = b := by cases a; cases b; rfl
end Hidden
