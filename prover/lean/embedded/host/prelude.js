// The start of the host: what happens before the package's glue, in every thread.

// A code that neither Lean nor Node uses: the process ended by a fault and not by its work.
const HOST_FAILURE = 86;
// The code after the parent process has gone.
const HOST_ORPHANED = 87;
const PARENT_CHECK_MS = 1000;

const hostThreads = require("worker_threads");
let hostShared;

// With LEAN_HOST_TRACE set, the phases of the start are reported on stderr, in ms since the start.
function phase(name) {
  if (!process.env.LEAN_HOST_TRACE) return;
  const thread = hostThreads.isMainThread ? "main" : `worker ${hostThreads.threadId}`;
  const now = performance.timeOrigin + performance.now() - Number(process.env.LEAN_HOST_TRACE);
  require("fs").writeSync(2, `lean host: ${now.toFixed(0)} ms ${thread}: ${name}\n`);
}
phase("script begins");

// End the whole process at once, from the main thread; a worker asks the main thread to.
function leaveHost(code, reason) {
  if (reason) { // its first line: an exception of Lean's comes with a stack of 100,000 calls
    require("fs").writeSync(2, `lean host: ${reason.split("\n", 1)[0].slice(0, 300)}\n`);
  }
  process.exit(code);
}

globalThis.leanHost = {
  hostExit: leaveHost,
  quit: leaveHost,
};

function collectGarbage() {
  require("v8").setFlagsFromString("--expose-gc");
  require("vm").runInNewContext("gc")();
}

if (hostThreads.isMainThread) {
  // The module never changes, so its functions are checked when first called and not all at once.
  require("v8").setFlagsFromString("--wasm-lazy-validation");
  // Compile in the background from the very beginning; the glue would begin later.
  const compiled = WebAssembly.compile(require("fs").readFileSync(`${__dirname}/lean.wasm`));
  globalThis.leanHost.instantiateWasm = (imports, receive) => {
    compiled.then((module) => {
      collectGarbage(); // the engine has its own copy of the 116 MB file
      receive(new WebAssembly.Instance(module, imports), module);
    });
  };

  const fail = (error) => leaveHost(HOST_FAILURE, String(error?.message ?? error));
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  // The process must not outlive its parent, whatever Lean is busy with. This timer also keeps
  // Node alive: the glue's workers do not count.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) leaveHost(HOST_ORPHANED, "the parent process has gone");
  }, PARENT_CHECK_MS);
}
