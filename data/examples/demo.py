"""`make demo`: proves three theorems with the installed `prove` and shows the commands.

Stops at the first one that is not proved, with that command's exit code.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROVE = Path(sys.executable).with_name("prove")

THEOREMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Linear arithmetic over lists",
        ("theorem length_swap (xs ys : List Nat) : (xs ++ ys).length = ys.length + xs.length",),
    ),
    (
        "A function of our own, by induction",
        (
            "--header",
            "def sumTo : Nat → Nat\n  | 0 => 0\n  | n + 1 => (n + 1) + sumTo n",
            "theorem two_mul_sumTo (n : Nat) : 2 * sumTo n = n * (n + 1)",
        ),
    ),
    (
        "A data type of our own, by induction on trees",
        (
            "--header",
            "@data/examples/tree.lean",
            "theorem mirror_mirror (t : Tree) : mirror (mirror t) = t",
        ),
    ),
)


def main() -> int:
    """Runs the three; returns the exit code."""
    for title, arguments in THEOREMS:
        print(f"\n# {title}\n$ prove {shlex.join(arguments)}", flush=True)
        code = subprocess.run([PROVE, *arguments], cwd=ROOT, check=False).returncode
        if code != 0:
            print(f"the demo stops here: exit code {code}", file=sys.stderr)
            return code
    print("\nThree theorems proved. Yours: .venv/bin/prove 'theorem t (a b : Nat) : a + b = b + a'")
    print("Lean stays warm for the next call; .venv/bin/prove lean stop ends it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
