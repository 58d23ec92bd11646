-- expect: rejected elaboration
theorem t : (fun n => Nat.rec (motive := fun _ => Nat) 0 (fun _ x => x + 1) n) 3000000 = 3000001 := by
  decide
