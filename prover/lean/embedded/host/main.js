// Starting Lean's main in a thread of its own, and leaving in an orderly way.

// Run in the main thread, which then serves the workers from its event loop.
const spawnLeanMain = (marker) => {
  const STACK_BYTES = 64 << 20, ATTRIBUTE_WORDS = 16;
  const thread = _malloc(4), attributes = _malloc(4 * ATTRIBUTE_WORDS);
  HEAPU32.fill(0, attributes >> 2, (attributes >> 2) + ATTRIBUTE_WORDS);
  HEAPU32[attributes >> 2] = STACK_BYTES;
  const entry = symbolTable.address("lean_io_promise_new"); // never called: the marker decides
  runtimeKeepaliveCounter++;
  if (wasmExports["pthread_create"](thread, attributes, entry, marker)) {
    leaveHost(HOST_FAILURE, "no thread for Lean's main");
  }
};

// Run in the worker that spawnLeanMain started.
const runLeanMain = () => {
  const code = callMain(process.argv.slice(2));
  postMessage({ cmd: "callHandler", handler: "hostExit", args: [code | 0] });
};
