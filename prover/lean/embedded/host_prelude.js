// What the glue finds as `Module`: input, exit handling, environment.
const hostFs = require("fs");
let input = Buffer.alloc(65536), filled = 0, taken = 0;
globalThis.leanHost = {
  hostExit(code) { process.exit(code); },
  quit(code) { process.exit(code); },
  // One byte of input; undefined when no more is there yet, null at the end.
  stdin() {
    if (taken >= filled) {
      if (filled > 0) { filled = taken = 0; return undefined; }
      for (;;) {
        try {
          filled = hostFs.readSync(0, input, 0, 65536, null);
          break;
        } catch (error) {
          if (error.code === "EAGAIN") {
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
            continue;
          }
          if (error.code === "EOF") { filled = 0; break; }
          throw error;
        }
      }
      taken = 0;
      if (filled === 0) return null;
    }
    return input[taken++];
  },
  preRun: [() => { ENV["LEAN_PATH"] = process.env.LEAN_PATH; }],
};
