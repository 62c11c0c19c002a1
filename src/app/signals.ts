/** Who is to be told of which signal. One listener of the process for each, however many apps listen. */
const closers = new Map<string, Set<() => Promise<void>>>();

/**
 * Calls `close` at the first of these signals. When all who were told of it have closed, and nobody else listens to the
 * signal, the process exits with 0. A second signal ends it at once, with 1.
 *
 * Returns a function that takes it back.
 */
export function closeOnSignals(signals: readonly string[], close: () => Promise<void>): () => void {
  for (const signal of signals) {
    const told = closers.get(signal) ?? new Set();
    told.add(close);
    if (closers.has(signal)) continue;
    closers.set(signal, told);
    process.on(signal, onSignal);
  }
  return () => {
    for (const signal of signals) {
      const told = closers.get(signal);
      told?.delete(close);
      if (told?.size === 0 && !isClosing) forget(signal);
    }
  };
}

let isClosing = false;
let firstAtMs = 0;

function onSignal(signal: string): void {
  if (isClosing) {
    // One Ctrl-C comes twice where a parent passes it on: from the terminal, and from there.
    if (performance.now() - firstAtMs > SAME_SIGNAL_MS) process.exit(1);
    return;
  }
  isClosing = true;
  firstAtMs = performance.now();
  void closeAll(signal);
}

const SAME_SIGNAL_MS = 500;

async function closeAll(signal: string): Promise<void> {
  const told = [...(closers.get(signal) ?? [])];
  const results = await Promise.allSettled(told.map((close) => close()));
  const isOurs = process.listenerCount(signal) === 1;
  isClosing = false;
  for (const each of closers.keys()) if (closers.get(each)?.size === 0) forget(each);
  if (!isOurs) return;
  await flushOutput();
  process.exit(results.every(({ status }) => status === "fulfilled") ? 0 : 1);
}

/** To a pipe whose reader is slow Node writes later, and what was not written by the exit is lost: the last lines of the log. */
async function flushOutput(): Promise<void> {
  const flush = (stream: NodeJS.WriteStream) =>
    stream.writableLength === 0 ? undefined : new Promise<void>((resolve) => stream.write("", () => resolve()));
  let timer: NodeJS.Timeout | undefined;
  // A reader that has stopped must not keep the process.
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS);
  });
  await Promise.race([late, Promise.all([process.stdout, process.stderr].map(flush))]);
  clearTimeout(timer);
}

const FLUSH_MS = 1_000;

function forget(signal: string): void {
  closers.delete(signal);
  process.off(signal, onSignal);
}
