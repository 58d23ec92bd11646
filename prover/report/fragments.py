"""Small pieces of HTML for notebooks: goals, proofs and runs show themselves there.

A fragment stands in a page of someone else: it has no style sheet and no script, takes the page's colours, and
everything from a proof or a checker is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prover.reports import ProofReport
    from prover.runs import Run
    from prover.search.graph import Edge

GOALS_SHOWN = 3
_BOX = "border:1px solid #8886;border-radius:6px;padding:6px 10px;margin:4px 0;white-space:pre-wrap;background:#8881"
_STEP = "border-left:3px solid #2a9d6a;padding:2px 8px;margin:4px 0"
_QUIET = "opacity:.7;font-size:90%"


class Displayed:
    """Shows itself in a notebook; a class has ``_html`` and gets the rest."""

    __slots__ = ()

    def _html(self) -> str:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """The fragment, for notebooks."""
        return self._html()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The fragment with its plain text, for notebooks."""
        return {"text/html": self._html(), "text/plain": repr(self)}


def goals_html(text: str) -> str:
    """A proof state in Lean's own notation, with names and turnstiles set off."""
    lines = []
    for line in text.splitlines():
        name, colon, rest = line.partition(" : ")
        if line.startswith("⊢"):
            lines.append(f"<b>⊢</b>{escape(line[1:])}")
        elif colon and not line[:1].isspace():
            lines.append(f"<b>{escape(name)}</b>{escape(colon + rest)}")
        else:
            lines.append(escape(line))
    return f'<pre style="{_BOX}">' + "\n".join(lines) + "</pre>"


def steps_html(root: str, edges: Sequence[Edge]) -> str:
    """A proof as a person reads it: goal, tactic, goal, … to the end."""
    parts = [goals_html(root)]
    for edge in edges:
        assert edge.child is not None
        who = escape(", ".join(edge.proposers))
        action = f"<code>{escape(edge.candidate.action)}</code>"
        parts.append(f'<div style="{_STEP}">{action} <span style="{_QUIET}">{who}</span></div>')
        parts.append(goals_html("no goals" if edge.child.finished else edge.child.state.text))
    return "".join(parts)


def proof_html(report: ProofReport) -> str:
    """What came out of one problem: the theorem with its proof, or why not and what is left."""
    parts = [_heading(report.name or "theorem", report.status)]
    if report.proof is not None:
        source = f"{report.statement.rstrip()} := {report.proof}" if report.status == "proved" else report.proof
        parts.append(f'<pre style="{_BOX}">{escape(source)}</pre>')
        axioms = f"; axioms: {', '.join(report.axioms) or 'none'}" if report.status == "proved" else ""
        parts.append(_quiet(f"checked by {report.checked_by}{axioms}"))
    else:
        parts.append(f"<div>{escape(report.message)}</div>")
        parts += [goals_html(goal) for goal in report.open_goals[:GOALS_SHOWN]]
    parts.append(_quiet(f"{report.states:,} states, {report.steps:,} steps, {report.seconds:.1f} s"))
    if report.graph is not None and report.proof is not None and report.actions:
        from prover.saved_search import walk

        steps = steps_html(report.graph.root.state.text, walk(report.graph, report.actions))
        parts.append(f"<details><summary>step by step</summary>{steps}</details>")
    return f"<div>{''.join(parts)}</div>"


def run_html(run: Run) -> str:
    """A saved search: what was asked, what came out, work by proposer, the proof step by step."""
    from prover.report.figures import work_by_proposer
    from prover.saved_search import read_search

    search = read_search(run)
    parts = [
        _heading(run.problem.name or "search", str(run.result.get("status", "unfinished"))),
        f'<pre style="{_BOX}">{escape(run.problem.statement)}</pre>',
        _quiet(f"{len(search.graph):,} states, {len(search.steps):,} steps, {search.seconds:.1f} s"),
        "<table><thead><tr><th>proposer</th><th>steps</th><th>seconds</th><th>on the proof</th></tr></thead><tbody>",
    ]
    for work in work_by_proposer(search):
        cells = (escape(work.name), f"{work.tried:,}", f"{work.seconds:.2f}", str(work.on_proof))
        parts.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    parts.append("</tbody></table>")
    if search.proof:
        parts.append(steps_html(search.graph.root.state.text, search.proof))
    return f"<div>{''.join(parts)}</div>"


def _heading(name: str, status: str) -> str:
    return f"<div><b>{escape(name)}</b>: {escape(status.replace('_', ' '))}</div>"


def _quiet(text: str) -> str:
    return f'<div style="{_QUIET}">{escape(text)}</div>'
