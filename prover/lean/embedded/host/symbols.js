// Addresses of Lean's symbols, found by binary search in symbols.bin (see wasm_module.py).

const symbolTable = (() => {
  const zlib = require("zlib");
  const FIELDS = 4; // CRC, offset of the name, its length, address
  let entries, names;

  const load = () => {
    const file = fs.readFileSync(scriptDirectory + "symbols.bin");
    const count = file.readUInt32LE(0);
    const bytes = file.buffer.slice(file.byteOffset + 4, file.byteOffset + 4 + 4 * FIELDS * count);
    entries = new Uint32Array(bytes);
    names = file.subarray(4 + 4 * FIELDS * count);
  };

  // The address of the symbol with this name (a Buffer), or 0.
  const find = (name) => {
    if (!entries) load();
    const checksum = zlib.crc32(name);
    let low = 0, high = entries.length / FIELDS;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries[FIELDS * middle] < checksum) low = middle + 1;
      else high = middle;
    }
    for (let at = FIELDS * low; entries[at] === checksum; at += FIELDS) {
      const start = entries[at + 1];
      if (name.equals(names.subarray(start, start + entries[at + 2]))) return entries[at + 3];
    }
    return 0;
  };

  return { address: (name) => find(Buffer.from(name)) };
})();

// The interpreter's look-up. It never needs other threads: all see the same addresses.
const lookUpSymbol = (handle, symbol) => {
  const name = UTF8ToString(symbol);
  const address = symbolTable.address(name);
  if (address === 0) dlSetError(`unknown symbol "${name}"`);
  return address;
};

// Give the imported entries of the global offset table their addresses. What is left over is
// implemented in JavaScript, and the glue's reportUndefinedSymbols adds it to the table.
// The main thread looks them up, once for all threads.
const resolveImportedAddresses = () => {
  hostShared.addresses ??= Object.fromEntries(
    Object.keys(GOT).map((name) => [name, symbolTable.address(name)]));
  for (const name in GOT) {
    const address = hostShared.addresses[name];
    if (address !== 0 && GOT[name].value === -1) GOT[name].value = address;
  }
};
