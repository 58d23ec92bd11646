-- expect: rejected shadowed_name
namespace Hidden
def Nat.gcd (_ _ : _root_.Nat) : _root_.Nat := 1
namespace Inner
theorem t (a b : _root_.Nat) : Nat.gcd a b = 1 := rfl
end Inner
end Hidden
