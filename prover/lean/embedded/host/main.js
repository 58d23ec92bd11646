// Starting Lean in a thread of its own: its main, or the function of a memory image.
//
// usage: node host.js ARGUMENTS_OF_LEAN        run Lean
//        LEAN_HOST_WRITE_IMAGE=FILE node ...   write an image when the server offers one, and leave
//        node host.js --image FILE             go on from an image

const imagePath = arguments_[0] === "--image" ? arguments_[1] : undefined;

// Run in the main thread before the module is instantiated.
const prepareHost = () => {
  hostShared = { positions: directFiles.initialPositions(), stacks: stackGuards.create() };
  if (imagePath !== undefined) {
    const image = memoryImage.read(imagePath);
    phase("memory image read");
    Module["wasmMemory"] = image.memory;
    hostShared.entry = image.entry;
  }
};

// Run in the main thread, in place of the module's constructors, which an image has behind it.
const initialiseRuntime = () => {
  phase("module ready, workers ready");
  if (imagePath === undefined) wasmExports["__wasm_call_ctors"]();
  else wasmExports["_emscripten_init_main_thread"]();
};

// Run in the main thread, which then serves the workers from its event loop.
const spawnLeanMain = (marker) => {
  const STACK_BYTES = 64 << 20, ATTRIBUTE_WORDS = 16;
  const thread = _malloc(4), attributes = _malloc(4 * ATTRIBUTE_WORDS);
  growMemViews();
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
  phase("Lean begins");
  try {
    const code = hostShared.entry ? resumeImage(hostShared.entry) : callMain(arguments_);
    leaveFromWorker(code | 0);
  } catch (error) {
    if (typeof error !== "number") throw error;
    failFromWorker(`uncaught ${getExceptionMessage(error).join(": ")}`);
  }
};

const leaveFromWorker = (code, reason) =>
  postMessage({ cmd: "callHandler", handler: "hostExit", args: [code, reason] });

// End the process from a worker without running any more of Lean.
const failFromWorker = (reason) => {
  leaveFromWorker(HOST_FAILURE, reason);
  waitForTheEnd();
};
const waitForTheEnd = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

// Call the Lean function at `entry`, of type IO Unit, after giving it a task manager of its own.
const resumeImage = (entry) => {
  const BOXED_UNIT = 1, TAG_OFFSET = 7, TASK_THREADS = 1;
  getWasmTableEntry(symbolTable.address("_ZN4lean17initialize_threadEv"))();
  wasmExports["lean_init_task_manager_using"](TASK_THREADS);
  const result = wasmExports["lean_apply_1"](entry, BOXED_UNIT);
  return (growMemViews(), HEAPU8)[result + TAG_OFFSET]; // 0: finished; 1: an error was thrown
};

// Called when Lean writes the address of a function to the device "/dev/lean-image".
const offerImage = (entry) => {
  memoryImage.write(process.env.LEAN_HOST_WRITE_IMAGE, entry);
  leaveFromWorker(0);
  waitForTheEnd();
};
