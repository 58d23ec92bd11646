"""The patches that turn the package's glue into a fast, quiet Node host: each named, with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from prover.lean.embedded.errors import HostPatchError

MAIN_MARKER = 0x7EAD
"""The thread argument by which a worker knows that it is to run Lean's main."""


@dataclass(frozen=True)
class Patch:
    """Replace the one occurrence of `old` by `new`."""

    name: str
    reason: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        """`source` with the patch applied; raises `HostPatchError` unless `old` occurs once."""
        count = source.count(self.old)
        if count != 1:
            raise HostPatchError(
                f"patch '{self.name}' found its pattern {count} times instead of once in the Lean "
                "package's JavaScript: this package version is not supported"
            )
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class PatternPatch:
    """Replace every match of the regular expression `pattern`; at least one is required."""

    name: str
    reason: str
    pattern: str
    new: str

    def apply(self, source: str) -> str:
        """`source` with the patch applied; raises `HostPatchError` when nothing matches."""
        patched, count = re.subn(self.pattern, self.new, source)
        if count == 0:
            raise HostPatchError(
                f"patch '{self.name}' found nothing to replace in the Lean package's JavaScript: "
                "this package version is not supported"
            )
        return patched


def all_patches(runtime: str) -> Iterator[Patch | PatternPatch]:
    """The patches in order; `runtime` is the text of host_runtime.js."""
    yield Patch(
        "configuration",
        "the prelude supplies stdin, exit handling and settings",
        'var Module=typeof Module!="undefined"?Module:{};',
        "var Module=globalThis.leanHost;",
    )
    yield PatternPatch(
        "silence",
        "the package prints debugging lines to stdout, which is ours for the protocol",
        r'console\.log\("\[DEBUG[^;{}]*?\)(?=[;}\]])',
        "0",
    )
    yield Patch(
        "no-package-mounts",
        "the package mounts /home and /tmp; the host mounts what it is told to",
        "939105:()=>{",
        "939105:()=>{return 0;",
    )
    yield Patch(
        "no-merge",
        "copying 200,000 exports into the import table, in every thread, costs seconds",
        'mergeLibSymbols(wasmExports,"main");',
        "",
    )
    yield Patch(
        "imported-got-only",
        "only the imported entries of the global offset table need an address",
        "updateGOT(origExports);",
        "resolveImportedGot(origExports);",
    )
    yield Patch(
        "fill-table",
        "put every exported function into the table once, in the same order in every thread",
        "loadDylibs();",
        "loadDylibs();fillTable(origExports);",
    )
    yield Patch(
        "resolve-from-exports",
        "with no-merge, symbols that the JavaScript side asks for come from the exports",
        'sym=wasmImports[symName]}else if(symName.startsWith("invoke_")){',
        "sym=wasmImports[symName]}else if(wasmExports&&wasmExports[symName]){sym=wasmExports[symName]}"
        'else if(symName==="main"&&wasmExports["__main_argc_argv"]){'
        'sym=wasmExports["__main_argc_argv"]}'
        'else if(symName.startsWith("invoke_")){',
    )
    yield Patch(
        "symbol-lookup",
        "dlsym searched a list of 200,000 names (180 s per start); use a map of addresses",
        "newSymIndex=Object.keys(lib.exports).indexOf(symbol);"
        "if(newSymIndex==-1||lib.exports[symbol].stub){",
        "if(address.has(symbol))return tableBase+address.get(symbol);if(!wasmExports[symbol]){",
    )
    yield Patch(
        "data-symbol-lookup",
        "symbols of data are read from the exports",
        "return 0}result=lib.exports[symbol];",
        "return 0}result=wasmExports[symbol];",
    )
    yield Patch("runtime", "our functions", "var setWasmTableEntry=", runtime + "var setWasmTableEntry=")
    yield Patch(
        "worker-options",
        "deep recursion kills a worker with Node's default stack; workers need the arguments",
        'worker=new Worker(pthreadMainJs,{workerData:"em-pthread",name:"em-pthread"})',
        'worker=new Worker(pthreadMainJs,{workerData:"em-pthread",name:"em-pthread",'
        "argv:arguments_,resourceLimits:{stackSizeMb:256}})",
    )
    yield Patch(
        "run-main-in-thread",
        "Lean's main runs in a worker, so that Node's main thread stays free to serve the workers",
        "var result=getWasmTableEntry(ptr)(arg);function finish",
        f"if(arg==={MAIN_MARKER})return runLeanMain();"
        "var result=getWasmTableEntry(ptr)(arg);function finish",
    )
    yield Patch(
        "spawn-main",
        "instead of calling main, the main thread starts the worker that does",
        "if(!noInitialRun)callMain(args);",
        f"if(!noInitialRun)spawnLeanMain({MAIN_MARKER});",
    )
