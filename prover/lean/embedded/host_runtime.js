// Additions to the glue, placed where its own functions are defined and visible.

var address = new Map(), tableBase = 0;
var fillTable = (exports) => {
  const functions = [];
  for (const name in exports) {
    if (typeof exports[name] === "function" && !isInternalSym(name)) {
      address.set(name, functions.length);
      functions.push(exports[name]);
    }
  }
  tableBase = wasmTable.length;
  wasmTable.grow(functions.length);
  for (let i = 0; i < functions.length; i++) wasmTable.set(tableBase + i, functions[i]);
};

var resolveImportedGot = (exports) => {
  for (const name in GOT) {
    const entry = GOT[name], value = exports[name];
    if (isInternalSym(name) || entry.value !== -1 || value === undefined) continue;
    if (typeof value === "function") entry.value = addFunction(value);
    else if (typeof value.value === "number") entry.value = value;
  }
};

// Run in the main thread, which then serves the workers from its event loop.
var spawnLeanMain = (marker) => {
  for (const folder of process.env.LEAN_HOST_MOUNTS.split(":")) {
    try { FS.mkdirTree(folder); } catch (error) { /* it exists */ }
    FS.mount(NODEFS, { root: folder }, folder);
  }
  setInterval(() => {}, 1 << 30); // workers are unref'd; without this Node would exit
  const thread = _malloc(4), attributes = _malloc(64);
  for (let i = 0; i < 16; i++) HEAPU32[(attributes >> 2) + i] = 0;
  HEAPU32[attributes >> 2] = 64 << 20; // stack size in bytes
  const entry = addFunction(wasmExports["lean_io_promise_new"]); // never called: the marker decides
  runtimeKeepaliveCounter++;
  if (wasmExports["pthread_create"](thread, attributes, entry, marker)) {
    throw new Error("pthread_create failed");
  }
};

// Run in the worker that spawnLeanMain started.
var runLeanMain = () => {
  ENV["LEAN_PATH"] = process.env.LEAN_PATH;
  const code = callMain(process.argv.slice(2));
  postMessage({ cmd: "callHandler", handler: "hostExit", args: [code | 0] });
};

