"""A second opinion on a file that the check accepted.

On a native or explicit toolchain plain ``lean`` compiles the file, with ``#print axioms`` at its end:
nothing of our Lean part is involved, only Lean itself. The embedded build has no such command line, so
there the whole check is made again in a new process that has not seen the first one's work; that
guards against what a process may have been talked into, not against a mistake in our checker. The
verdict names the route.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prover.errors import InfrastructureFault
from prover.lean.protocol import Finding

if TYPE_CHECKING:
    from prover.lean.toolchain import Toolchain
    from prover.reports import CheckReport
    from prover.session import Session

ALLOWED = frozenset({"propext", "Quot.sound", "Classical.choice"})


def second_opinion(
    session: Session,
    first: CheckReport,
    text: str,
    names: Sequence[str],
    reference: str,
    seconds: float,
) -> CheckReport:
    """The report with the second route's objections added, and its name in ``checked_by``.

    Raises:
        InfrastructureFault: the second route failed or took too long.
    """
    from prover.lean.server import LeanServer
    from prover.lean.verify import check_text

    toolchain = session.toolchain()
    if toolchain.kind != "embedded":
        findings = plain_lean(toolchain, text, [t.name for t in first.theorems], seconds)
        route = "plain lean with #print axioms"
    else:
        with LeanServer(toolchain) as server:
            again = check_text(server, text, names=names, reference=reference, seconds=seconds)
        same = [(t.name, t.statement, t.axioms) for t in again.theorems] == [
            (t.name, t.statement, t.axioms) for t in first.theorems
        ]
        agrees = again.accepted and same
        findings = () if agrees else (Finding("second_opinion", "a second process disagrees"),)
        route = "the same check in a second process"
    return replace(
        first,
        accepted=first.accepted and not findings,
        findings=(*first.findings, *findings),
        checked_by=f"{first.checked_by}; second opinion: {route}",
    )


def plain_lean(
    toolchain: Toolchain, text: str, names: Sequence[str], seconds: float
) -> tuple[Finding, ...]:
    """Compiles ``text`` with the toolchain's own ``lean`` and reads the axioms it prints.

    The file has been through the guard, so nothing in it prints on its own account but messages of
    Lean; the axioms are asked for under a marker that the file cannot know.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Second.lean"
        tail = "".join(f"\n#print axioms {name}" for name in names)
        path.write_text(text.rstrip() + "\n" + tail + "\n", "utf-8")
        last_line = text.rstrip().count("\n") + 1
        try:
            ran = subprocess.run(
                [*toolchain.program, str(path)],
                cwd=toolchain.project or folder,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InfrastructureFault(f"the second opinion failed: {error}") from error
    if ran.returncode:
        return (Finding("second_opinion", f"plain lean ends with exit code {ran.returncode}"),)
    return tuple(_axiom_findings(ran.stdout, str(path), last_line, len(names)))


def _axiom_findings(output: str, path: str, last_line: int, expected: int) -> list[Finding]:
    """Only messages positioned behind the file's own text count."""
    answers = 0
    findings = []
    for message in output.split(f"{path}:")[1:]:
        position, _, body = message.partition(" ")
        line = position.split(":")[0]
        if not line.isdecimal() or int(line) <= last_line:
            continue
        answers += 1
        if "does not depend on any axioms" in body:
            continue
        listed = body.rpartition("[")[2].partition("]")[0].replace("\n", " ").split(",")
        bad = sorted({name.strip() for name in listed} - ALLOWED)
        findings += [Finding("second_opinion", f"plain lean: axiom not allowed: {n}") for n in bad]
    if answers != expected:
        findings.append(Finding("second_opinion", "plain lean did not list the axioms"))
    return findings
