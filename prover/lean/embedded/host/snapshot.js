// Writing and reading images of Lean's memory.
//
// Lean needs seconds to start: it initialises its library, imports modules and elaborates the server.
// All that is deterministic, so it is done once. The server then hands the host a function (see
// docs/embedded.md), the host writes the memory to a file, and every later process begins with that
// memory and calls the function.
//
// This is sound because no state lives outside the memory: threads are waiting and are given up,
// functions are addressed by their place in the table, which is the same in every process, and the
// main thread's own records are made anew by _emscripten_init_main_thread.
//
// The file: magic, address of the function, size of the memory, number of chunks, and the number of
// each chunk that is not all zero, as little-endian 32-bit numbers; then those chunks.

const memoryImage = (() => {
  const MAGIC = 0x314e4c50, CHUNK = 65536, HEADER_WORDS = 4;

  const chunkIsZero = (words, chunk) => {
    const end = (chunk + 1) * (CHUNK / 8);
    for (let i = chunk * (CHUNK / 8); i < end; i++) if (words[i] !== 0n) return false;
    return true;
  };

  // Maximal runs of consecutive numbers in an increasing list: [first, length] each.
  const runs = (chunks) => {
    const result = [];
    for (const chunk of chunks) {
      const last = result[result.length - 1];
      if (last && last[0] + last[1] === chunk) last[1]++;
      else result.push([chunk, 1]);
    }
    return result;
  };

  // Move all `length` bytes, in pieces that the operating system accepts in one call.
  const inPieces = (length, move) => {
    for (let done = 0; done < length;) {
      const count = move(done, Math.min(length - done, 1 << 26));
      if (count === 0) throw new Error("the memory image is cut off");
      done += count;
    }
  };

  const write = (path, entry) => {
    const buffer = wasmMemory.buffer, bytes = new Uint8Array(buffer);
    const words = new BigUint64Array(buffer);
    const chunks = [];
    for (let chunk = 0; chunk < buffer.byteLength / CHUNK; chunk++) {
      if (!chunkIsZero(words, chunk)) chunks.push(chunk);
    }
    const header = Uint32Array.of(MAGIC, entry, buffer.byteLength, chunks.length, ...chunks);
    const file = fs.openSync(path, "w");
    fs.writeSync(file, header);
    for (const [first, count] of runs(chunks)) {
      inPieces(count * CHUNK, (done, size) =>
        fs.writeSync(file, bytes, first * CHUNK + done, size));
    }
    fs.fsyncSync(file); // a file of the right size must have the right content
    fs.closeSync(file);
  };

  // Make the memory that the file describes; returns it and the address of the function to call.
  const read = (path) => {
    const file = fs.openSync(path, "r");
    const header = new Uint32Array(HEADER_WORDS);
    fs.readSync(file, header);
    const [magic, entry, size, count] = header;
    if (magic !== MAGIC) throw new Error(`${path} is not a memory image`);
    const chunks = new Uint32Array(count);
    fs.readSync(file, chunks);
    const memory = new WebAssembly.Memory({
      initial: size / CHUNK, maximum: getHeapMax() / CHUNK, shared: true,
    });
    const bytes = new Uint8Array(memory.buffer);
    for (const [first, length] of runs(chunks)) {
      inPieces(length * CHUNK, (done, piece) =>
        fs.readSync(file, bytes, first * CHUNK + done, piece));
    }
    fs.closeSync(file);
    return { memory, entry };
  };

  return { write, read };
})();
