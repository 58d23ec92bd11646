"""The check behind the word "proved": a text is elaborated from scratch and judged by Lean's side.

Two ways to ask. :func:`check_proof` and :func:`check_source` check a proof of a *given* statement: the
text must be the reference, command by command, with another proof. :func:`check_text` checks a whole
file that somebody hands in, with or without a reference. Codes of reasons: ``docs/soundness.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from prover.domain import Verdict
from prover.errors import BadInput, InfrastructureFault
from prover.lean.connection import RequestTimeout
from prover.lean.protocol import CheckOk, Finding, HeaderOk, Message, TheoremReport
from prover.lean.server import LeanServer


@dataclass(frozen=True, slots=True)
class FileAudit:
    """The audit of a whole file. ``findings`` concern the file, ``remarks`` are no objections;
    ``method`` is how axioms were collected."""

    accepted: bool
    theorems: tuple[TheoremReport, ...]
    findings: tuple[Finding, ...]
    remarks: tuple[Finding, ...]
    messages: tuple[Message, ...]
    method: str


def check_text(
    server: LeanServer,
    text: str,
    *,
    names: Sequence[str] = (),
    reference: str = "",
    seconds: float = 120.0,
) -> FileAudit:
    """Audits every theorem of a file (or those in ``names``).

    With ``reference``, the original text, its statements are what must be proved; helper lemmas may
    be added. What the file does at elaboration time is restricted, for it is not trusted; the
    reference is.

    Raises:
        BadInput: the header does not parse, unknown imports, no theorem at all, or none of a name.
        InfrastructureFault: Lean failed or did not finish in time, which says nothing of the proof.
    """
    text, reference = plain_text(text), plain_text(reference)
    header = server.parse_header(text)
    findings: list[Finding] = []
    expected: list[str] = []
    if header.prelude:
        findings.append(Finding("prelude", "the file does without Lean's own library (prelude)"))
    if reference:
        original = server.parse_header(reference)
        findings += [
            Finding("imports", f"the original imports {module}, this file does not")
            for module in original.imports
            if module not in header.imports
        ]
        reference = blanked(reference, original.body)
        expected = _stated(server, original, reference, seconds)
    if header.prelude:
        return FileAudit(False, (), tuple(findings), (), (), "not elaborated")
    found = server.check(
        header.imports,
        blanked(text, header.body),
        reference=reference,
        names=names or expected,
        strict=False,
        wall_ms=int(seconds * 1000),
    )
    _require_time(found, seconds)
    findings += found.findings
    lacking = {theorem.name for theorem in found.theorems if any(f.code == "missing" for f in theorem.findings)}
    if names and not findings and lacking:
        raise BadInput(f"the file declares no theorem {', '.join(sorted(lacking))}")
    findings += [
        Finding("missing", f"the original states {name}, this file does not") for name in expected if name in lacking
    ]
    errors = any(message.severity == "error" for message in found.messages)
    if not found.theorems and not findings and not errors:
        raise BadInput("there is no theorem to check in this file")
    proved = bool(found.theorems) and all(theorem.accepted for theorem in found.theorems)
    return FileAudit(
        accepted=proved and not findings and not errors,
        theorems=tuple(found.theorems),
        findings=tuple(findings),
        remarks=tuple(found.remarks),
        messages=tuple(found.messages),
        method=found.method,
    )


def _stated(server: LeanServer, header: HeaderOk, reference: str, seconds: float) -> list[str]:
    """The names of the theorems that the original states: one that was left out of the file, or turned into a
    definition there, must not go unnoticed.

    Raises:
        BadInput: it states none.
    """
    found = server.check(header.imports, reference, trusted=True, wall_ms=int(seconds * 1000))
    _require_time(found, seconds)
    if not found.theorems:
        raise BadInput("the original file states no theorem")
    return [theorem.name for theorem in found.theorems]


def plain_text(text: str) -> str:
    """As Lean reads files: no byte order mark, Unix line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def blanked(source: str, body: int) -> str:
    """``source`` with everything before its commands (byte ``body``) made blank; positions stay what they are."""
    data = source.encode()
    head = bytes(byte if byte in b"\r\n" else 0x20 for byte in data[:body])
    return (head + data[body:]).decode()


def _require_time(report: CheckOk, seconds: float) -> None:
    findings = [*report.findings, *(finding for theorem in report.theorems for finding in theorem.findings)]
    if any(finding.code == "timeout" for finding in findings):
        raise InfrastructureFault(f"the check did not end within {seconds:g} s; allow more time")


def check_proof(
    server: LeanServer,
    *,
    imports: Sequence[str],
    header: str,
    statement: str,
    name: str,
    proof: str,
    label: str = "",
) -> Verdict:
    """Checks ``statement := proof`` from scratch against what ``statement`` means by itself."""
    stated = (header.rstrip() + "\n\n" if header.strip() else "") + statement.rstrip()
    joint = f"{gap_after(stated)} := "
    source = f"{stated}{joint}{proof}\n"
    return check_source(
        server,
        imports=imports,
        source=source,
        reference=f"{stated}{joint}sorry\n",
        name=name,
        answer=proof,
        shown=source,
        label=label,
    )


def gap_after(statement: str) -> str:
    """What must follow a statement: a comment at its end would swallow the rest of its line."""
    return "\n " if "--" in statement.rstrip().rpartition("\n")[2] else ""


def check_source(
    server: LeanServer,
    *,
    imports: Sequence[str],
    source: str,
    reference: str,
    name: str,
    answer: str,
    shown: str,
    label: str = "",
) -> Verdict:
    """Checks that ``source`` proves the theorem ``name`` as ``reference`` states it.

    A check that runs into its time limit gives a verdict that is not accepted, with the reason
    ``timeout``: the proof may be right, but is not called so.
    """
    try:
        report = server.check(imports, source, reference=reference, names=[name])
    except RequestTimeout as limit:
        return Verdict(False, answer, shown, reasons=(("timeout", str(limit)),))
    return as_verdict(report, name, answer, shown, checked_by(server, report.method, label))


def as_verdict(report: CheckOk, name: str, answer: str, shown: str, by: str) -> Verdict:
    """Accepted only if the source has no finding, and the theorem is there and has none either."""
    theorem = next((entry for entry in report.theorems if entry.name == name), None)
    reasons = [(finding.code, finding.text) for finding in report.findings]
    if theorem is None:
        reasons.append(("missing", f"the source has no theorem {name}"))
    else:
        reasons += [(finding.code, finding.text) for finding in theorem.findings]
        if not theorem.accepted and not reasons:
            reasons.append(("rejected", f"the check does not accept {name}"))
    return Verdict(
        accepted=theorem is not None and theorem.accepted and not reasons,
        answer=answer,
        source=shown,
        axioms=tuple(theorem.axioms) if theorem else (),
        checked_by=by,
        reasons=tuple(reasons),
        details={
            "statement": theorem.statement,
            "dependencies": theorem.dependencies,
            "uses": msgspec.to_builtins(theorem.uses),
        }
        if theorem
        else {},
    )


def checked_by(server: LeanServer, method: str, label: str = "") -> str:
    """Who checked, and how axioms were collected: ``Lean 4.28.0 (embedded), trusted-library``."""
    version = server.hello().lean.split(",")[0]
    return f"Lean {version}{f' ({label})' if label else ''}, {method}"
