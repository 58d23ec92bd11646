"""The parent's end: starts the child, talks to it, kills it when it takes too long."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import prover
import prover_plugins
from prover.closing import Closing
from prover.errors import InfrastructureFault

START_SECONDS = 60.0
_MOST_BYTES = 1_000_000


class Limited(Exception):
    """The child did not answer in time, or died of what it computed."""


class MathProcess(Closing):
    """A child that computes with sympy; started at first use, and again after it was lost."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Raises:
            Limited: no answer within ``seconds``, or the child died (of memory); the next request meets a new one.
            InfrastructureFault: the child cannot be started, or does not talk as it should.
        """
        child = self._running()
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
            line = self._line(time.monotonic() + seconds)
        except BrokenPipeError:
            line = b""
        if line is None:
            self.close()
            raise Limited(f"no result within {seconds:g} s")
        if not line:
            self.close()
            raise Limited("the computation was ended: it needs too much memory")
        return self._decoded(line)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self.close()
        # -I: nothing from the user's folder or environment is imported in place of what we mean.
        roots = [str(Path(prover.__file__).parent.parent), str(Path(next(iter(prover_plugins.__path__))).parent)]
        code = f"import sys; sys.path[:0] = {roots!r}; from prover_plugins.math.worker import main; main()"
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", code],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
                start_new_session=True,  # Ctrl-C is for the parent, which then closes the child
            )  # fmt: skip
        except OSError as error:
            raise InfrastructureFault(f"the math process cannot be started: {error}") from error
        self._buffer = b""
        line = self._line(time.monotonic() + START_SECONDS)
        if not line:
            self.close()
            raise InfrastructureFault("the math process does not start; is sympy installed (pip install sympy)?")
        self._decoded(line)
        return self._child

    def _decoded(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line)
        except ValueError as error:
            self.close()
            raise InfrastructureFault("the math process wrote no message") from error
        if not isinstance(message, dict):
            raise InfrastructureFault("the math process wrote no message")
        return message

    def _line(self, deadline: float) -> bytes | None:
        """The next line; empty where the child has ended, None at the deadline."""
        assert self._child is not None and self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                data = os.read(descriptor, 65_536)
                if not data or len(self._buffer) > _MOST_BYTES:
                    return b""
                self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def close(self) -> None:
        """Ends the child. May be called twice."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what was left to write to a dead child
        child.wait()
