// File system calls of Lean, answered in the calling thread by the operating system.
//
// The glue would send each call to the main thread and wait, and would know only mounted folders.
// Descriptors here are the process's own, valid in every thread. Node has no lseek, so the position
// of a seekable file is kept in memory shared by all threads; -1 marks a stream (pipe, terminal).

const directFiles = (() => {
  const MAX_DESCRIPTORS = 65536;
  const AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 256, AT_REMOVEDIR = 512, AT_EMPTY_PATH = 4096;
  const EBADF = 8, EINVAL = 28, ENOTTY = 59, ERANGE = 68, ENOSYS = 52;
  const DIRENT_SIZE = 280;
  const IMAGE_DEVICE = "/dev/lean-image";
  let imageDescriptor;
  const standardStreams = { "/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2 };
  const listings = new Map(); // directory entries by descriptor, for getdents64
  const paths = new Map(); // path by descriptor of a directory opened in this thread
  const pause = new Int32Array(new SharedArrayBuffer(4));

  // Lean's flags have Linux's values; the host may be another system.
  const nodeFlags = (flags) => {
    const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = fs.constants;
    const values = { 1: O_WRONLY, 2: O_RDWR, 64: O_CREAT, 128: O_EXCL, 512: O_TRUNC, 1024: O_APPEND };
    let result = 0;
    for (const bit in values) if (flags & bit) result |= values[bit];
    return result;
  };

  const positions = () => (positions.view ??= new BigInt64Array(hostShared.positions));
  const heap = () => (growMemViews(), HEAPU8);
  const words = () => (growMemViews(), HEAPU32);
  const wideWords = () => (growMemViews(), HEAP64);

  const resolve = (folder, pointer, allowEmpty = false) => {
    const path = UTF8ToString(pointer);
    if (path.startsWith("/")) return path;
    const base = folder === AT_FDCWD ? process.cwd() : paths.get(folder);
    if (base === undefined) throw { code: "EBADF" };
    if (path === "" && !allowEmpty) throw { code: "ENOENT" };
    return path === "" ? base : base + "/" + path;
  };

  // Run a call; its failure becomes a negative error number.
  const attempt = (call) => {
    try {
      return call();
    } catch (error) {
      if (error.code === undefined) throw error;
      return -(ERRNO_CODES[error.code] ?? EINVAL);
    }
  };
  // The same for the calls of WASI, whose error numbers are positive.
  const attemptWasi = (call) => -attempt(call);

  // Streams can be non-blocking: wait until they take or give bytes.
  const patiently = (call) => {
    for (;;) {
      try {
        return call();
      } catch (error) {
        if (error.code === "EOF") return 0;
        if (error.code !== "EAGAIN") throw error;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
  };

  const transfer = (descriptor, vector, count, sum, operation) => {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const buffer = words()[(vector >> 2) + 2 * i], length = words()[(vector >> 2) + 2 * i + 1];
      if (length === 0) continue;
      const moved = operation(descriptor, buffer, length);
      total += moved;
      if (moved < length) break;
    }
    words()[sum >> 2] = total;
    return 0;
  };

  const read = (descriptor, buffer, length) => {
    const position = positions()[descriptor];
    const at = position < 0n ? null : Number(position);
    const count = patiently(() => fs.readSync(descriptor, heap(), buffer, length, at));
    if (at !== null) positions()[descriptor] = position + BigInt(count);
    return count;
  };

  const write = (descriptor, buffer, length) => {
    if (descriptor === 2 && isPackageNoise(buffer, length)) return length;
    if (descriptor === 1 && !stackGuards.intact()) {
      failFromWorker("a thread has overrun its stack");
    }
    if (descriptor === imageDescriptor) {
      offerImage(Number(UTF8ToString(buffer, length)));
      return length;
    }
    const position = positions()[descriptor];
    const at = position < 0n ? null : Number(position);
    const count = patiently(() => fs.writeSync(descriptor, heap(), buffer, length, at));
    // After this message Lean calls exit, which can hang for want of memory.
    if (descriptor === 2 && textOf(buffer, length).includes("INTERNAL PANIC")) {
      failFromWorker("Lean has given up");
    }
    if (at !== null) positions()[descriptor] = position + BigInt(count);
    return count;
  };

  // The package reports its progress on stderr; a user would take it for errors.
  const isPackageNoise = (buffer, length) =>
    /^(\[DEBUG:|  - \/|  mainModule\? = )/.test(textOf(buffer, length));
  const textOf = (buffer, length) => UTF8ToString(buffer, Math.min(length, 40));

  const open = (folder, path, flags, varargs) => attempt(() => {
    const name = resolve(folder, path);
    if (name in standardStreams) return standardStreams[name];
    if (name === IMAGE_DEVICE) {
      if (!process.env.LEAN_HOST_WRITE_IMAGE) throw { code: "ENOENT" };
      imageDescriptor = fs.openSync("/dev/null", "w");
      return imageDescriptor;
    }
    const mode = varargs ? words()[varargs >> 2] : 0;
    const descriptor = fs.openSync(name, nodeFlags(flags), mode || 0o666);
    const status = fs.fstatSync(descriptor);
    const seekable = status.isFile();
    positions()[descriptor] = !seekable ? -1n : flags & 1024 ? BigInt(status.size) : 0n;
    if (status.isDirectory()) paths.set(descriptor, name);
    return descriptor;
  });

  const close = (descriptor) => attemptWasi(() => {
    listings.delete(descriptor);
    paths.delete(descriptor);
    if (descriptor > 2) fs.closeSync(descriptor);
    return 0;
  });

  const seek = (descriptor, offset, whence, result) => attemptWasi(() => {
    const position = positions()[descriptor];
    if (position < 0n) throw { code: "ESPIPE" };
    const base =
      whence === 0 ? 0n : whence === 1 ? position : BigInt(fs.fstatSync(descriptor).size);
    if (base + offset < 0n) throw { code: "EINVAL" };
    positions()[descriptor] = base + offset;
    wideWords()[result >> 3] = base + offset;
    return 0;
  });

  const entries = (descriptor, buffer, size) => attempt(() => {
    const folder = paths.get(descriptor);
    if (folder === undefined) return -EBADF;
    if (!listings.has(descriptor)) {
      listings.set(descriptor, [".", "..", ...fs.readdirSync(folder)]);
    }
    const names = listings.get(descriptor);
    let used = 0;
    while (names.length > 0 && used + DIRENT_SIZE <= size) {
      const name = names.shift(), start = buffer + used;
      wideWords()[start >> 3] = 1n;
      wideWords()[(start + 8) >> 3] = 1n;
      (growMemViews(), HEAP16)[(start + 16) >> 1] = DIRENT_SIZE;
      heap()[start + 18] = 0; // type unknown: the caller asks stat
      stringToUTF8(name, start + 19, 256);
      used += DIRENT_SIZE;
    }
    return used;
  });

  const map = (length, protection, flags, descriptor, offset, allocated, address) =>
    attempt(() => {
      const pointer = mmapAlloc(length);
      if (!pointer) throw { code: "ENOMEM" };
      for (let done = 0; done < length;) {
        const at = Number(offset) + done;
        const count = fs.readSync(descriptor, heap(), pointer + done, length - done, at);
        if (count === 0) break;
        done += count;
      }
      words()[allocated >> 2] = 1;
      words()[address >> 2] = pointer;
      return 0;
    });

  const text = (value, buffer, size) => {
    if (lengthBytesUTF8(value) + 1 > size) return -ERANGE;
    return stringToUTF8(value, buffer, size);
  };

  const readlink = (folder, path, buffer, size) => attempt(() => {
    const bytes = Buffer.from(fs.readlinkSync(resolve(folder, path))).subarray(0, size);
    heap().set(bytes, buffer);
    return bytes.length;
  });

  const environment = () => (environment.list ??= Object.entries(process.env).map(
    ([name, value]) => Buffer.from(`${name}=${value}\0`)));

  return {
    fd_read: (descriptor, vector, count, sum) =>
      attemptWasi(() => transfer(descriptor, vector, count, sum, read)),
    fd_write: (descriptor, vector, count, sum) =>
      attemptWasi(() => transfer(descriptor, vector, count, sum, write)),
    fd_close: close,
    fd_seek: seek,
    fd_sync: () => 0,
    environ_sizes_get: (count, size) => {
      words()[count >> 2] = environment().length;
      words()[size >> 2] = environment().reduce((sum, entry) => sum + entry.length, 0);
      return 0;
    },
    environ_get: (table, buffer) => {
      for (const entry of environment()) {
        words()[table >> 2] = buffer;
        heap().set(entry, buffer);
        table += 4;
        buffer += entry.length;
      }
      return 0;
    },
    _mmap_js: map,
    _munmap_js: () => 0,
    __syscall_openat: open,
    __syscall_fstat64: (descriptor, buffer) =>
      attempt(() => SYSCALLS.writeStat(buffer, fs.fstatSync(descriptor))),
    __syscall_stat64: (path, buffer) =>
      attempt(() => SYSCALLS.writeStat(buffer, fs.statSync(resolve(AT_FDCWD, path)))),
    __syscall_lstat64: (path, buffer) =>
      attempt(() => SYSCALLS.writeStat(buffer, fs.lstatSync(resolve(AT_FDCWD, path)))),
    __syscall_newfstatat: (folder, path, buffer, flags) => attempt(() => {
      const name = resolve(folder, path, (flags & AT_EMPTY_PATH) !== 0);
      const status = flags & AT_SYMLINK_NOFOLLOW ? fs.lstatSync(name) : fs.statSync(name);
      return SYSCALLS.writeStat(buffer, status);
    }),
    __syscall_faccessat: (folder, path, mode) =>
      attempt(() => (fs.accessSync(resolve(folder, path), mode), 0)),
    __syscall_readlinkat: readlink,
    __syscall_getdents64: entries,
    __syscall_getcwd: (buffer, size) => {
      const written = text(process.cwd(), buffer, size);
      return written < 0 ? written : written + 1;
    },
    __syscall_mkdirat: (folder, path, mode) =>
      attempt(() => (fs.mkdirSync(resolve(folder, path), { mode }), 0)),
    __syscall_unlinkat: (folder, path, flags) => attempt(() => {
      const name = resolve(folder, path);
      if (flags & AT_REMOVEDIR) fs.rmdirSync(name);
      else fs.unlinkSync(name);
      return 0;
    }),
    __syscall_rmdir: (path) => attempt(() => (fs.rmdirSync(resolve(AT_FDCWD, path)), 0)),
    __syscall_renameat: (folder, from, otherFolder, to) => attempt(() => (
      fs.renameSync(resolve(folder, from), resolve(otherFolder, to)), 0)),
    __syscall_ftruncate64: (descriptor, length) =>
      attempt(() => (fs.ftruncateSync(descriptor, Number(length)), 0)),
    __syscall_fdatasync: () => 0,
    __syscall_ioctl: () => -ENOTTY,
    __syscall_fcntl64: (descriptor, command) => (command >= 1 && command <= 4 ? 0 : -ENOSYS),
    initialPositions: () => {
      // The standard streams are used as streams even where they are files.
      const shared = new SharedArrayBuffer(8 * MAX_DESCRIPTORS);
      new BigInt64Array(shared).fill(-1n, 0, 3);
      return shared;
    },
  };
})();
