-- expect: accepted
private theorem helper (a : Nat) : a + 0 = a := rfl
namespace N
protected theorem t (a : Nat) : a + 0 = a := helper a
end N
