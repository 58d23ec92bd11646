"""The resident server: Lean processes that stay warm between calls of the ``prove`` command.

A daemon for each user and toolchain, started at need, holds Lean processes and lends them out over
a Unix socket that only its user can reach. A borrower gets the process's own pipes, so that lending
costs nothing once it is done. See ``docs/server.md``. Importing this package does no work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prover.lean.connection import Launchable
    from prover.lean.server import LeanServer
    from prover.service.client import ServiceStatus

__all__ = ["lease_server", "open_server", "status", "stop"]


def open_server(
    toolchain: Launchable, use_service: bool = True, *, memory_limit_mb: int | None = None, twin: bool = False
) -> LeanServer:
    """A Lean server: a warm one of the resident service where to be had, else one of its own; with ``twin`` it may
    start a second process (:mod:`prover.lean.twin`)."""
    from prover.service import client

    return client.open_server(toolchain, use_service, memory_limit_mb=memory_limit_mb, twin=twin)


def lease_server(toolchain: Launchable, *, start: bool = True) -> LeanServer:
    """A warm Lean server of the resident service, started first if need be (and ``start``).

    Raises:
        ServiceUnavailable: there is none to be had.
    """
    from prover.service import client

    return client.lease_server(toolchain, start=start)


def status() -> ServiceStatus | None:
    """What the resident services of this user are doing; None if none runs."""
    from prover.service import client

    return client.status()


def stop() -> int:
    """Ends the resident services of this user and their Lean processes; returns how many."""
    from prover.service import client

    return client.stop()
