// Noticing that a thread of Lean has overrun its stack.
//
// The stack that C and Lean code use for variables lies in the module's memory, next to other data,
// and nothing stops it from growing into them. Usually the engine's own stack is exhausted first and
// ends the process. In case it is not, the lowest bytes of each stack hold a pattern, and no answer
// is given by a process in which one is damaged: what it computed may be wrong.

const stackGuards = (() => {
  const PATTERN = 0x5afe57ac, GUARD_WORDS = 4096, MAX_THREADS = 1024;
  const HIGH_OFFSET = 52, SIZE_OFFSET = 56; // in the thread's record, as in establishStackSpace

  const slots = () => (slots.view ??= new Uint32Array(hostShared.stacks));
  const guard = (low) => (growMemViews(), HEAPU32).subarray(low >> 2, (low >> 2) + GUARD_WORDS);

  return {
    create: () => new SharedArrayBuffer(4 * MAX_THREADS),
    // Run in a worker when it begins to run a thread.
    protect: (record) => {
      const words = (growMemViews(), HEAPU32);
      const low = words[(record + HIGH_OFFSET) >> 2] - words[(record + SIZE_OFFSET) >> 2];
      guard(low).fill(PATTERN);
      slots()[hostThreads.threadId % MAX_THREADS] = low;
    },
    // Run in a worker when its thread ends, before the stack is freed.
    release: () => { slots()[hostThreads.threadId % MAX_THREADS] = 0; },
    intact: () => slots().every((low) => low === 0 || guard(low).every((word) => word === PATTERN)),
  };
})();
