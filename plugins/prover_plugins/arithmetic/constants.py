"""The constants of Lean that the module knows: functions with their types, instances with what they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from prover_plugins.arithmetic.language import Kind

_N, _I, _Q = Kind.NAT, Kind.INT, Kind.RAT
NAMED: Mapping[str, tuple[tuple[Kind, ...], Kind]] = {
    "Nat.gcd": ((_N, _N), _N), "Nat.lcm": ((_N, _N), _N), "Nat.succ": ((_N,), _N), "Nat.pred": ((_N,), _N),
    "Nat.log2": ((_N,), _N), "Int.gcd": ((_I, _I), _N), "Int.lcm": ((_I, _I), _N), "Int.natAbs": ((_I,), _N),
    "Int.toNat": ((_I,), _N), "Int.sign": ((_I,), _I), "Int.tdiv": ((_I, _I), _I), "Int.tmod": ((_I, _I), _I),
    "Int.fdiv": ((_I, _I), _I), "Int.fmod": ((_I, _I), _I), "Int.ediv": ((_I, _I), _I), "Int.emod": ((_I, _I), _I),
}  # fmt: skip
INSTANCES: Mapping[str, tuple[str, Kind]] = {
    "instAddNat": ("+", _N), "instSubNat": ("-", _N), "instMulNat": ("*", _N),
    "Nat.instDiv": ("/", _N), "Nat.instDivNat": ("/", _N), "Nat.instMod": ("%", _N), "Nat.instModNat": ("%", _N),
    "Nat.instDvd": ("∣", _N), "Nat.instDvdNat": ("∣", _N),
    "Int.instAdd": ("+", _I), "Int.instAddInt": ("+", _I), "Int.instSub": ("-", _I), "Int.instSubInt": ("-", _I),
    "Int.instMul": ("*", _I), "Int.instMulInt": ("*", _I), "Int.instDiv": ("/", _I), "Int.instDivInt": ("/", _I),
    "Int.instMod": ("%", _I), "Int.instModInt": ("%", _I), "Int.instDvd": ("∣", _I), "Int.instDvdInt": ("∣", _I),
    "Int.instNatPow": ("^", _I), "instNatPowNat": ("^", _N), "Nat.instNatPow": ("^", _N), "instPowNatNat": ("^", _N),
    "instLTNat": ("<", _N), "instLENat": ("≤", _N), "Int.instLTInt": ("<", _I), "Int.instLEInt": ("≤", _I),
    "instMinNat": ("min", _N), "Nat.instMin": ("min", _N), "Nat.instMax": ("max", _N), "instMaxNat": ("max", _N),
    "Int.instMin": ("min", _I), "Int.instMax": ("max", _I),
    "Int.instMinInt": ("min", _I), "Int.instMaxInt": ("max", _I),
    "Int.instNegInt": ("neg", _I), "Int.instNeg": ("neg", _I), "Rat.instNeg": ("neg", _Q),
    "Rat.instAdd": ("+", _Q), "Rat.instSub": ("-", _Q), "Rat.instMul": ("*", _Q), "Rat.instDiv": ("/", _Q),
    "Rat.instPowNat": ("^", _Q), "Rat.instLT": ("<", _Q), "Rat.instLE": ("≤", _Q),
}  # fmt: skip
_HARMLESS_TEXT = """
    HAdd.hAdd HSub.hSub HMul.hMul HDiv.hDiv HMod.hMod HPow.hPow Dvd.dvd LE.le LT.lt GE.ge GT.gt Min.min Max.max
    Neg.neg Eq Ne Not And Or Iff Exists True False Nat Int Bool Rat Rat.instOfNat Rat.instNatCast
    OfNat.ofNat instOfNat instOfNatNat instHAdd instHSub
    instHMul instHDiv instHMod instHPow instPowNat Nat.cast instNatCastInt
    Bool.and Bool.or Bool.not Bool.true Bool.false BEq.beq bne instBEqOfDecidableEq instDecidableEqBool
    instDecidableEqNat Int.instDecidableEq instDecidableEqInt Decidable.decide Nat.decLt Nat.decLe Nat.decEq Int.decLt
    Int.decLe Int.decEq Int.instDecidableLt Int.instDecidableLe Nat.decidable_dvd ite instDecidableAnd
    instDecidableOr instDecidableNot
"""
KNOWN = frozenset(_HARMLESS_TEXT.split()) | set(INSTANCES) | set(NAMED)
"""The constants whose meaning the module knows. Text that stands for any other is not understood."""
