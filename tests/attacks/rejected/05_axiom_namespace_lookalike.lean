-- expect: rejected axiom
namespace Proof
axiom propext : False
theorem t : 1 = 2 := Proof.propext.elim
end Proof
