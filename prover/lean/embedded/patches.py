"""The patches that turn the package's glue into a fast, quiet Node host; each says its reason."""

from __future__ import annotations

import re
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


PATCHES: tuple[Patch | PatternPatch, ...] = (
    Patch(
        "configuration",
        "the prelude supplies exit handling",
        'var Module=typeof Module!="undefined"?Module:{};',
        "var Module=globalThis.leanHost;",
    ),
    PatternPatch(
        "silence",
        "the package reports its progress from C on stdout, which is the server's",
        r'console\.log\("\[DEBUG[^;{}]*?\)(?=[;}\]])',
        "0",
    ),
    Patch(
        "no-input-check",
        "the package reads the input file once more, only to report on it",
        "941770:$0=>{",
        "941770:$0=>{return 0;",
    ),
    Patch(
        "no-package-mounts",
        "the package mounts /home and /tmp; files are reached directly instead",
        "939105:()=>{",
        "939105:()=>{return 0;",
    ),
    Patch(
        "environment",
        "Lean sees the environment of the process",
        "var ENV={};",
        "var ENV=process.env;",
    ),
    Patch(
        "no-merge",
        "symbols are looked up by address, so the import table needs no copy of the exports",
        'mergeLibSymbols(wasmExports,"main");',
        "",
    ),
    Patch(
        "imported-addresses",
        "the offset table takes its addresses from the symbol file; the exports are gone",
        "updateGOT(origExports);",
        'phase("instantiated");resolveImportedAddresses();phase("addresses resolved");',
    ),
    Patch(
        "no-thread-local-exports",
        "nothing looks up thread-local symbols by name, and their exports are gone",
        "metadata.tlsExports.forEach(s=>tlsExports[s]=moduleExports[s]);",
        "",
    ),
    Patch(
        "no-table-walk",
        "making a JavaScript function of each of 150,000 table entries costs each thread a second",
        "functionsInTableMap=new WeakMap;updateTableMap(0,wasmTable.length)",
        "functionsInTableMap=new WeakMap",
    ),
    Patch(
        "dense-table-mirror",
        "C++ exceptions make every guarded call look its function up here; filled sparsely, the "
        "array is a hash table and took an eighth of the time of a tactic such as omega",
        "var wasmTableMirror=[];",
        "var wasmTableMirror=new Array(1<<18).fill(undefined);",
    ),
    Patch(
        "main-symbol",
        "the only symbol that the glue itself looks up by name",
        'var entryFunction=resolveGlobalSymbol("main").sym;',
        'var entryFunction=wasmExports["__main_argc_argv"];',
    ),
    Patch(
        "symbol-lookup",
        "dlsym searched a list of 200,000 names: 180 s per start",
        "var __dlsym_js=(handle,symbol,symbolIndex)=>{",
        "var __dlsym_js=(handle,symbol,symbolIndex)=>{return lookUpSymbol(handle,symbol);",
    ),
    Patch(
        "direct-files",
        "file system calls are answered in the calling thread instead of by the main thread",
        "function getWasmImports(){assignWasmImports();",
        "function getWasmImports(){assignWasmImports();Object.assign(wasmImports,directFiles);",
    ),
    Patch(
        "share-send",
        "threads share the positions of open files",
        'worker.postMessage({cmd:"load",',
        'worker.postMessage({cmd:"load",hostShared,',
    ),
    Patch(
        "share-receive",
        "threads share the positions of open files",
        "sharedModules=msgData.sharedModules;",
        "sharedModules=msgData.sharedModules;hostShared=msgData.hostShared;",
    ),
    Patch(
        "prepare",
        "the host makes what threads share, and the memory, before anything else",
        '{initMemory();if(Module["preloadPlugins"])',
        '{if(!ENVIRONMENT_IS_PTHREAD)prepareHost();initMemory();if(Module["preloadPlugins"])',
    ),
    Patch(
        "pool-size",
        "Lean's main asks for four threads at once; from an image, two are enough to begin with",
        "var pthreadPoolSize=4;",
        "var pthreadPoolSize=imagePath===undefined?4:2;",
    ),
    Patch(
        "initialise",
        "a memory image has the constructors of the module behind it",
        'wasmExports["__wasm_call_ctors"]();callRuntimeCallbacks(onPostCtors)',
        "initialiseRuntime();callRuntimeCallbacks(onPostCtors)",
    ),
    Patch(
        "worker-options",
        "deep recursion kills a worker with Node's default stack; workers need the arguments",
        'worker=new Worker(pthreadMainJs,{workerData:"em-pthread",name:"em-pthread"})',
        'worker=new Worker(pthreadMainJs,{workerData:"em-pthread",name:"em-pthread",'
        "argv:arguments_,resourceLimits:{stackSizeMb:256}})",
    ),
    Patch(
        "exit",
        "an exit requested by Lean or C ends the process, whatever else goes on in it",
        "quit_=(status,toThrow)=>{process.exitCode=status;throw toThrow}",
        "quit_=(status)=>leaveHost(status)",
    ),
    Patch(
        "stack-guard",
        "notice a stack that grew into other data",
        "establishStackSpace(msgData.pthread_ptr);",
        "establishStackSpace(msgData.pthread_ptr);stackGuards.protect(msgData.pthread_ptr);",
    ),
    Patch(
        "stack-release",
        "the stack of an ended thread is no longer watched",
        "__emscripten_thread_exit(result)}finish(result)",
        "stackGuards.release();__emscripten_thread_exit(result)}finish(result)",
    ),
    Patch(
        "run-main-in-thread",
        "Lean's main runs in a worker, so that Node's main thread stays free to serve the workers",
        "var result=getWasmTableEntry(ptr)(arg);function finish",
        f"if(arg==={MAIN_MARKER})return runLeanMain();var result=getWasmTableEntry(ptr)(arg);function finish",
    ),
    Patch(
        "spawn-main",
        "instead of calling main, the main thread starts the worker that does",
        "if(!noInitialRun)callMain(args);",
        f"if(!noInitialRun)spawnLeanMain({MAIN_MARKER});",
    ),
)

RUNTIME_ANCHOR = Patch(
    "runtime",
    "the host's own functions stand where those of the glue are visible",
    "var reportUndefinedSymbols=",
    "{runtime}var reportUndefinedSymbols=",
)
"""Where the files of `host/` go in; `{runtime}` stands for them."""
