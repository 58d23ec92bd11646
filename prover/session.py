"""The glue of the command line and of ``bench``: options in, a report out.

A :class:`Session` holds what one caller needs to prove things one after the other: the toolchain,
the plugins and a connection to Lean, each made when first needed. It is not thread-safe; use one
a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from prover.closing import Closing
from prover.errors import BadInput, InfrastructureFault
from prover.preparing import check_weights, prepare, warm_up
from prover.problem import LEAN, Problem
from prover.reports import CheckReport, ProofReport, report_of_fault, report_of_input, report_of_outcome

if TYPE_CHECKING:
    from prover.continuing import Edits, Memory
    from prover.domain import Environment
    from prover.hookspecs import Observer, Proposer
    from prover.lean.server import LeanServer
    from prover.lean.toolchain import Toolchain
    from prover.plugins import PluginManager, Team
    from prover.search import SearchConfig


@dataclass(frozen=True, slots=True)
class Options:
    """How to prove: which Lean, which plugins, which seed.

    ``start`` is the file or folder from which a Lake project is looked for. ``use_service``
    allows the resident server, which keeps Lean warm between calls. ``plugins`` are loaded besides
    the installed ones, those named in ``disabled`` are not. ``weights`` are by the name of a
    proposer, module, signal, check or value. ``model`` is a folder or an address, ``none``, or empty for
    the default; ``mapper`` the folder of a mapper fitted to it. ``hints``, ``avoid`` and ``lemmas`` (Lean text put
    before the theorem) are what a person knows about the problems; ``save`` is the folder for saved searches.
    ``search`` are settings of the search other than the usual ones. ``twin`` allows a second Lean process for a search
    that takes a while, where a core is idle.
    """

    start: Path | None = None
    project: Path | None = None
    lean: Path | None = None
    use_service: bool = True
    seed: int = 0
    jobs: int = 1
    plugins: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    mapper: str = ""
    hints: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    lemmas: str = ""
    save: Path | None = None
    search: SearchConfig | None = None
    twin: bool = False

    def informed(self, problem: Problem) -> Problem:
        """``problem`` with what these options say about every problem."""
        metadata = dict(problem.metadata)
        if self.model:
            metadata["model"] = self.model
        if self.mapper:
            metadata["mapper"] = self.mapper
        if self.save is not None:
            line = f"-{metadata['line']}" if "line" in metadata else ""  # a theorem may have several sorries
            metadata["save"] = str(self.save / f"{problem.name or 'theorem'}{line}")
        return replace(
            problem, hints=(*problem.hints, *self.hints), avoid=(*problem.avoid, *self.avoid), metadata=metadata
        )


class Session(Closing):
    """What one caller needs to prove things: toolchain, plugins, Lean. Close it when done."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._toolchain: Toolchain | None = None
        self._manager: PluginManager | None = None
        self._teams: dict[str, Team] = {}
        self._server: LeanServer | None = None
        self._closed = False

    # ------------------------------------------------------------------------------- the parts

    def toolchain(self) -> Toolchain:
        """The Lean to use.

        Raises:
            ToolchainError: there is none, or it is too old.
        """
        if self._toolchain is None:
            from prover.lean.toolchain import find_lean

            options = self.options
            self._toolchain = find_lean(options.start, options.project, options.lean)
        return self._toolchain

    def lean(self) -> dict[str, str]:
        """Version and kind of the Lean in use."""
        found = self.toolchain()
        return {"version": found.version, "kind": found.kind}

    def server(self) -> LeanServer:
        """The connection to Lean: the resident one where allowed, else a process of our own."""
        if self._closed:
            raise InfrastructureFault("this session was closed")
        if self._server is None:
            from prover.service import open_server

            self._server = open_server(self.toolchain(), self.options.use_service, twin=self.options.twin)
        return self._server

    def manager(self) -> PluginManager:
        """The plugins.

        Raises:
            BadInput: a plugin named on the command line does not work or does not exist.
        """
        if self._manager is None:
            from prover import plugins

            options = self.options
            manager = plugins.load_plugins(options.plugins, disabled=options.disabled, needed=options.plugins)
            known = [info.name for info in plugins.describe(manager)]
            for name in options.disabled:
                if name not in known:
                    raise BadInput(f"--without {name}: there is no such plugin; there are {', '.join(known)}")
            self._manager = manager
        return self._manager

    def team(self, domain: str = LEAN) -> Team:
        """What the plugins add to a search in ``domain``.

        Raises:
            BadInput: a plugin does not work (see :meth:`manager`), or a weight names nobody.
            InfrastructureFault: nobody proposes anything.
        """
        if domain not in self._teams:
            from prover import plugins

            self._teams[domain] = plugins.team(self.manager(), domain)
        team = self._teams[domain]
        if not team.proposers and not team.modules:
            raise InfrastructureFault(
                f"no plugin proposes any step for the domain {domain}: reinstall the package, or see 'prove plugins'"
            )
        # What a continued search knows is a proposer too, though of no plugin.
        check_weights(self.options.weights, (*team.names, "memory"))
        return team

    def let_go(self) -> None:
        """Gives Lean back (others may need it); what is open on it is gone. The next use gets one
        again."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def close(self) -> None:
        """Lets Lean go for good. May be called twice, and from another thread to end a running
        proof."""
        self._closed = True
        self.let_go()

    # --------------------------------------------------------------------------------- proving

    def prove(
        self,
        problem: Problem,
        observers: Sequence[Observer] = (),
        *,
        memory: Memory | None = None,
        edits: Edits | None = None,
        config: SearchConfig | None = None,
    ) -> ProofReport:
        """Works on one theorem. Faults of the question and of Lean become reports, not exceptions.

        With the ``memory`` of an earlier search (and a person's ``edits`` of it) that one is continued. ``config``
        are settings of this one search, in place of the options'.

        Raises:
            ToolchainError: there is no usable Lean (nothing can be proved at all).
            BadInput, InfrastructureFault: the plugins or weights asked for make no sense.
        """
        self.toolchain()
        self.team()
        if self.options.lemmas:
            header = "\n\n".join(text for text in (problem.header.rstrip(), self.options.lemmas) if text)
            problem = replace(problem, header=header)
        if memory is None:
            return self.attempt(problem, lambda: self._open(problem), observers, config=config)
        from prover.continuing import Edits, MemoryProposer, RememberingEnvironment

        changes = edits or Edits()
        return self.attempt(
            problem,
            lambda: RememberingEnvironment(self._open(problem), memory, changes),
            observers,
            extra=[MemoryProposer(memory, changes)],
            config=config,
        )

    def solve(self, problem: Problem, observers: Sequence[Observer] = ()) -> ProofReport:
        """Works on one problem of any domain. Only Lean's are ever ``proved``; others are ``solved``.

        Raises:
            BadInput: there is no such domain; and what :meth:`prove` raises.
        """
        if problem.domain == LEAN:
            return self.prove(problem, observers)
        from prover import plugins

        domains = plugins.domains(self.manager())
        if problem.domain not in domains:
            known = ", ".join(sorted({LEAN, *domains}))
            raise BadInput(f"there is no domain {problem.domain}; there are {known} (see 'prove plugins')")
        self.team(problem.domain)
        return self.attempt(problem, lambda: domains[problem.domain].open(problem), observers)

    def attempt(
        self,
        problem: Problem,
        open_environment: Callable[[], Environment],
        observers: Sequence[Observer] = (),
        extra: Sequence[Proposer] = (),
        config: SearchConfig | None = None,
    ) -> ProofReport:
        """Opens an environment, searches it and closes it; makes a report of whatever happens.

        ``extra`` proposers are asked besides those of the plugins.
        """
        from prover.search import SearchFault, search

        team = self.team(problem.domain)
        problem = self.options.informed(problem)
        environment: Environment | None = None
        started = time.monotonic()

        def so_far() -> float:
            return time.monotonic() - started

        try:
            warm_up(team.rankers, problem)
            if problem.domain == LEAN:
                # Lean's start is not part of the time that a theorem took.
                self.server().hello()
            started = time.monotonic()
            environment = open_environment()
            started += prepare(problem, environment, team.modules)
            outcome = search(
                problem,
                environment,
                [*extra, *team.proposers],
                modules=team.modules,
                rewards=team.rewards,
                checks=team.checks,
                rankers=team.rankers,
                values=team.values,
                config=config or self.options.search,
                budget=problem.budget,
                observers=[*team.observers, *observers],
                weights=self.options.weights,
                seed=self.options.seed,
            )
            return report_of_outcome(problem, outcome, so_far(), self._lean_of(problem))
        except SearchFault as fault:
            return report_of_fault(problem, fault, so_far(), self._lean_of(problem), fault.outcome)
        except BadInput as error:
            return report_of_input(problem, error, so_far(), self._lean_of(problem))
        except InfrastructureFault as fault:
            return report_of_fault(problem, fault, so_far(), self._lean_of(problem))
        finally:
            if environment is not None and not self._closed:
                environment.close()

    def _open(self, problem: Problem) -> Environment:
        from prover.lean.opening import open_theorem

        return open_theorem(self.server(), problem, self.toolchain().kind)

    def _lean_of(self, problem: Problem) -> dict[str, str]:
        return self.lean() if problem.domain == LEAN else {}

    # -------------------------------------------------------------------------------- checking

    def check(
        self,
        text: str,
        *,
        names: Sequence[str] = (),
        reference: str = "",
        seconds: float = 120.0,
    ) -> CheckReport:
        """Has Lean check every theorem of a source text (or those in ``names``) from scratch.

        ``reference`` is the original text whose statements are what must be proved.

        Raises:
            BadInput: unknown imports, a name that the text does not declare, no theorem at all.
            InfrastructureFault: Lean failed, or the check did not end in time.
        """
        from prover.lean.opening import unknown_import
        from prover.lean.verify import check_text, checked_by

        started = time.monotonic()
        server = self.server()
        try:
            audit = check_text(server, text, names=names, reference=reference, seconds=seconds)
        except BadInput as error:
            raise (unknown_import(error) if error.kind == "unknown_import" else error) from error
        return CheckReport(
            accepted=audit.accepted,
            theorems=audit.theorems,
            findings=audit.findings,
            messages=audit.messages,
            checked_by=checked_by(server, audit.method, self.toolchain().kind),
            seconds=time.monotonic() - started,
            lean=self.lean(),
            remarks=audit.remarks,
        )
