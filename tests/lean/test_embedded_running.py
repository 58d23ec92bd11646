"""The embedded Lean at work: servers that start from images, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prover.lean.embedded import (
    host_maker,
    image,
    installer,
    launcher,
)

needs_lean = pytest.mark.skipif(
    not (installer.install_path() / host_maker.GLUE_FILE).is_file(),
    reason="the embedded Lean is not installed",
)
ECHO_SERVER = r"""module
public meta import Init
public meta import Lean.Elab.Command
public import Lean.Elab.Command
open Lean Elab
set_option linter.all false
public meta section
namespace Tiny

partial def grow (held : Array (Array Nat)) (n : Nat) : IO Nat := do
  if n == 0 then return held.size
  grow (held.push (Array.replicate 1000000 n)) (n - 1)

partial def deep (n : Nat) : Nat := if n == 0 then 0 else 1 + deep (n - 1)

partial def spin (n : Nat) : IO Unit := spin (n + 1)

def answer (line : String) : IO String := do
  match line with
  | "grow\n" => return Nat.repr (← grow #[] 1000000) ++ "\n"
  | "deep\n" => return Nat.repr (deep 1000000000) ++ "\n"
  | "spin\n" => spin 0; return ""
  | "task\n" =>
    let task ← IO.asTask (pure 42)
    match ← IO.wait task with
    | .ok n => return Nat.repr n ++ "\n"
    | .error _ => return "failed\n"
  | "path\n" => return (← IO.getEnv "LEAN_PATH").getD "" ++ "\n"
  | "import\n" =>
    let environment ← importModules (loadExts := true) #[{ module := `Init.Prelude }] {}
    return if environment.contains `Nat.add then "imported\n" else "missing\n"
  | line => return "echo " ++ line

partial def serve (input output : IO.FS.Stream) : IO Unit := do
  let line ← input.getLine
  if line.isEmpty then return
  output.putStr (← answer line)
  output.flush
  serve input output

def main : IO Unit := do
  let input := IO.FS.Stream.ofHandle (← IO.FS.Handle.mk "/dev/stdin" .read)
  let output := IO.FS.Stream.ofHandle (← IO.FS.Handle.mk "/dev/stdout" .write)
  output.putStr "ready\n"
  output.flush
  serve input output

unsafe def offerImage (resume : IO Unit) : IO Unit := do
  try
    let device ← IO.FS.Handle.mk "/dev/lean-image" .write
    device.putStr (Nat.repr (ptrAddrUnsafe resume).toNat)
    device.flush
  catch _ => pure ()

unsafe def start : IO Unit := do
  offerImage main
  main

end Tiny

syntax (name := serveCommand) "#serve" : command
@[command_elab serveCommand] unsafe def elabServe : Command.CommandElab := fun _ => do
  Tiny.start
end
#serve
"""


@pytest.fixture(scope="module")
def server_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    installer.install()  # the package is there; the host may be of an older revision
    path = tmp_path_factory.mktemp("server") / "EchoServer.lean"
    path.write_text(ECHO_SERVER)
    return path


@contextmanager
def running(argv: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    killer = threading.Timer(50, process.kill)
    killer.start()
    try:
        yield process
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def say(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(20)


@pytest.mark.lean
@needs_lean
def test_a_server_runs_from_an_image_and_ends_with_its_input(server_file: Path) -> None:
    argv, env = launcher.server_command(server_file)
    assert argv[2] == "--image" and Path(argv[3]).is_file()
    assert launcher.server_command(server_file)[0] == argv
    with running(argv, env) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        assert say(process, "hello") == "echo hello"
        assert say(process, "task") == "42"
        assert say(process, "path") == str(installer.library_path())
        assert say(process, "import") == "imported"
        assert finish(process) == 0
        assert process.stderr.read() == ""


@pytest.mark.lean
@needs_lean
@pytest.mark.parametrize(("request_line", "message"), [("grow", "Lean has given up"), ("deep", "deep recursion")])
def test_exhaustion_ends_the_process_with_its_own_code(server_file: Path, request_line: str, message: str) -> None:
    argv, env = launcher.server_command(server_file)
    with running(argv, env) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        assert say(process, request_line) == ""
        assert process.wait(30) == launcher.EXIT_FAULT
        assert message in process.stderr.read()


@pytest.mark.lean
@needs_lean
def test_a_busy_process_does_not_outlive_its_parent(server_file: Path) -> None:
    argv, env = launcher.server_command(server_file)
    parent = (
        "import subprocess, sys\n"
        "p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "p.stdout.readline(); p.stdin.write(b'spin\\n'); p.stdin.flush()\n"
        "print(p.pid, flush=True); sys.stdin.read()\n"
    )
    with running([sys.executable, "-c", parent, *argv], env) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        try:
            for _ in range(50):
                if not is_running(child):
                    break
                time.sleep(0.2)
            assert not is_running(child)
        finally:
            if is_running(child):
                os.kill(child, signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.lean
@needs_lean
def test_a_server_with_errors_starts_without_an_image(server_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "Broken.lean"
    broken.write_text(f"module\n-- mentions {image.IMAGE_DEVICE}\n#check (1 : String)\n")
    argv, env = launcher.server_command(broken)
    assert argv[-1] == str(broken)
    started = time.monotonic()
    assert launcher.server_command(broken)[0] == argv
    assert time.monotonic() - started < 1, "a failure is remembered"
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Broken.lean:3" in done.stdout


def test_a_cut_off_image_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "x.image"
    header = (0x314E4C50).to_bytes(4, "little") + b"\0" * 8 + (1).to_bytes(4, "little")
    path.write_bytes(header + b"\0" * 65540)
    assert image._is_complete(path)
    path.write_bytes(header + b"\0" * 65539)
    assert not image._is_complete(path)
    assert not image._is_complete(tmp_path / "nowhere")
