"""The child process: one JSON request a line in, one answer a line out, under limits on memory.

Time is limited by the parent, which kills a child that does not answer. Nothing but strings come in, and they are
read by :mod:`prover_plugins.math.text`.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

MEMORY_BYTES = 1_500_000_000


def _limit_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Carries out one request; failures of the mathematics are answers, with a ``kind``."""
    from prover.errors import BadInput
    from prover_plugins.math import moves
    from prover_plugins.math.algebra import NotShown
    from prover_plugins.math.tasks import read_task

    started = time.perf_counter()
    try:
        task = read_task(request["problem"])
        if request["op"] == "step":
            made = moves.step(task, request["phase"], request["text"], request["action"], request["seed"])
            result = {"ok": True, "phase": made.phase, "text": made.text}
        else:
            result = {"ok": True, "how": moves.verify(task, request["answer"], request["seed"])}
    except NotShown as error:
        result = {"ok": False, "kind": "move", "message": str(error)}
    except BadInput as error:
        result = {"ok": False, "kind": "parse", "message": str(error)}
    except MemoryError:
        result = {"ok": False, "kind": "limit", "message": "the computation needs too much memory"}
    except RecursionError:
        result = {"ok": False, "kind": "limit", "message": "the computation is nested too deep"}
    except Exception as error:
        # sympy raises whatever it likes on input it did not expect; that is a failed step, not a fault of ours.
        text = " ".join(str(error).split())[:200]
        result = {"ok": False, "kind": "move", "message": f"sympy: {type(error).__name__}: {text}"}
    result["micros"] = int((time.perf_counter() - started) * 1e6)
    return result


def main() -> None:
    """Serves until standard input ends."""
    _limit_memory()
    sys.set_int_max_str_digits(20_000)
    out = sys.stdout
    sys.stdout = sys.stderr  # nothing else may write into the stream of answers
    import sympy

    out.write(json.dumps({"ready": sympy.__version__}) + "\n")
    out.flush()
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
