"""A second opinion on a file that the check accepted; the verdict names the route.

On a native or explicit toolchain plain ``lean`` compiles the file, with ``#print axioms`` at its end:
nothing of our Lean part is involved, only Lean itself. The embedded build has no such command line.
There a new process makes the whole check again and exports the theorems as plain terms, with all that
they depend on in the file, and our own type checker in Python (``prover.kernel``) checks those: another
implementation of Lean's type theory, which shares no code with Lean's kernel. Where it gives up (a time
limit, a rule that it does not know) that is said, and what remains is the repeated check.
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
    from prover.kernel.audit import Opinion
    from prover.lean.server import LeanServer
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
        findings: tuple[Finding, ...] = plain_lean(toolchain, text, [t.name for t in first.theorems], seconds)
        route = "plain lean with #print axioms"
    else:
        with LeanServer(toolchain) as server:
            again = check_text(server, text, names=names, reference=reference, seconds=seconds)
            same = [(t.name, t.statement, t.axioms) for t in again.theorems] == [
                (t.name, t.statement, t.axioms) for t in first.theorems
            ]
            route = "the same check in a second process"
            if again.accepted and same:
                opinion = own_kernel(server, text, [t.name for t in first.theorems], seconds)
                findings, said = _as_findings(opinion)
                route += f", {said}"
            else:
                findings = (Finding("second_opinion", "a second process disagrees"),)
    return replace(
        first,
        accepted=first.accepted and not findings,
        findings=(*first.findings, *findings),
        checked_by=f"{first.checked_by}; second opinion: {route}",
    )


def own_kernel(server: LeanServer, text: str, names: Sequence[str], seconds: float) -> Opinion:
    """Has Lean export the theorems ``names`` of ``text`` and checks the terms in Python.

    Raises:
        InfrastructureFault: Lean failed to export.
    """
    from prover.kernel.audit import Opinion, audit
    from prover.kernel.declarations import Declaration, ExportError, plain_name, read
    from prover.kernel.terms import Terms
    from prover.lean.verify import blanked, plain_text

    text = plain_text(text)
    header = server.parse_header(text)
    terms = Terms()
    exported = server.export(header.imports, blanked(text, header.body), names, wall_ms=int(seconds * 1000))
    for finding in exported.findings:
        status = "gave_up" if finding.code == "timeout" else "rejected"
        return Opinion(status, finding.text)

    def fetch(wanted: Sequence[str]) -> list[Declaration]:
        return read(terms, server.constants(header.imports, wanted))

    try:
        own = read(terms, exported)
        theorems = [d.name for d in own if plain_name(d.name) in names]
        if len(theorems) != len(set(names)):
            return Opinion("rejected", "not every theorem was exported")
        return audit(terms, own, fetch, theorems, seconds)
    except ExportError as error:
        raise InfrastructureFault(str(error)) from error


def _as_findings(opinion: Opinion) -> tuple[tuple[Finding, ...], str]:
    """The objection, if it is one, and what the verdict says of it."""
    if opinion.status == "accepted":
        return (), (
            f"its terms checked by a type checker in Python ({opinion.checked} declarations; "
            f"{opinion.assumed} imported constants taken as stated)"
        )
    if opinion.status == "rejected":
        told = f"the type checker in Python rejects it: {opinion.text}"
        return (Finding("second_opinion", told),), "its terms rejected by a type checker in Python"
    return (), f"the type checker in Python gave up over {opinion.text}"


def plain_lean(toolchain: Toolchain, text: str, names: Sequence[str], seconds: float) -> tuple[Finding, ...]:
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
