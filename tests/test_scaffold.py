"""`prove plugins new`: what it writes works as it is, for every kind."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner

from prover.cli.main import cli
from prover.scaffold.writer import KINDS

ROOT = Path(__file__).resolve().parent.parent
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}


def new(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["plugins", "new", *words], prog_name="prove")
    return result.exit_code, result.output


def test_what_every_kind_writes_passes_its_own_tests(tmp_path: Path) -> None:
    for kind in KINDS:
        code, output = new(f"my_{kind}", "--kind", kind, "--out", str(tmp_path))
        assert code == 0, output
    folders = [tmp_path / f"my_{kind}" for kind in KINDS]
    path = os.pathsep.join([*map(str, folders), ENV["PYTHONPATH"]])
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", *map(str, folders)]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**ENV, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_an_installed_package_is_found_and_solves_its_sample(tmp_path: Path) -> None:
    """Installed for real, in an environment of its own that sees this one's packages."""
    assert new("my_domain", "--kind", "domain", "--out", str(tmp_path))[0] == 0
    venv.create(tmp_path / "venv", with_pip=False, system_site_packages=True)
    python = tmp_path / "venv" / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site, here = (subprocess.check_output([p, "-c", where], text=True).strip() for p in (python, sys.executable))
    (Path(site) / "outer.pth").write_text(here, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-build-isolation"]
    installed = subprocess.run([*pip, str(tmp_path / "my_domain")], capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    prove = [str(python), "-c", "from prover.cli.main import main; main()"]
    listed = subprocess.check_output([*prove, "plugins"], env=ENV, cwd=tmp_path, text=True)
    assert "my_domain" in listed
    solved = subprocess.check_output([*prove, "--domain", "my_domain", "12"], env=ENV, cwd=tmp_path, text=True)
    assert "checked by my_domain, replayed" in solved


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["My-Plugin"], "cannot be a package's name"),
        (["class"], "cannot be a package's name"),
        (["fine", "--kind", "wizard"], "there is no kind wizard"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, words: list[str], complaint: str) -> None:
    code, output = new(*words, "--out", str(tmp_path))
    assert code == 2
    assert complaint in output
    assert not any(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert new("mine", "--out", str(tmp_path))[0] == 0
    code, output = new("mine", "--out", str(tmp_path))
    assert code == 2
    assert "is there already" in output
