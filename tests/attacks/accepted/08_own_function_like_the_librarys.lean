-- expect: accepted
namespace MyList
def length {α : Type} : List α → Nat
  | [] => 0
  | _ :: xs => length xs + 1
theorem t {α : Type} (xs : List α) : length xs = xs.length := by
  induction xs with
  | nil => rfl
  | cons x xs ih => simp [length, ih]
end MyList
