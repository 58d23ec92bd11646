"""Makes one Lean file of the modules in ``lean_project``.

The embedded toolchain elaborates the server at its start and a native one starts it with ``lake env lean``;
both need a single file that depends on nothing but Lean's own library. The modules stay readable on their own
and build with plain ``lake build``.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT_MODULE = "Start"
_IMPORT = re.compile(r"^(?:public |meta |private )*import (?:all )?([\w.]+)$")


def project_folder() -> Path:
    """The ``lean_project`` folder: beside the package in a source tree, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_lean_project", package.parent / "lean_project"):
        if (folder / "ProofServer").is_dir():
            return folder
    raise FileNotFoundError("lean_project is missing from this installation; reinstall the package")


def assemble(folder: Path | None = None) -> str:
    """The text of the single file: outside imports first, then each module after those it imports."""
    folder = folder or project_folder()
    imports: dict[str, None] = {}
    bodies: list[str] = []
    seen: set[str] = set()

    def visit(module: str) -> None:
        if module in seen:
            return
        seen.add(module)
        body: list[str] = []
        in_header = True
        for line in (folder / (module.replace(".", "/") + ".lean")).read_text("utf-8").splitlines():
            match = _IMPORT.match(line) if in_header else None
            if match and (match[1].startswith("ProofServer.") or match[1] == "ProofServer"):
                visit(match[1])
            elif match:
                imports[line] = None
            elif in_header and line.strip() in ("module", ""):
                continue
            else:
                in_header = False
                body.append(line)
        # A file's `public meta section` ends with the file, here with the module's text.
        text = "\n".join(body)
        opened = text.count("\npublic meta section")
        bodies.append(f"-- {module}\nsection\n{text}\n" + "end\n" * opened + "end\n")

    visit(ROOT_MODULE)
    # `#serve` must come last and outside of every section.
    text = "\n".join(["module", *imports, "set_option linter.all false", *bodies])
    return text.replace("\n#serve\n", "\n") + "#serve\n"
