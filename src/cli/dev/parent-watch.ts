import { Worker } from "node:worker_threads";

/**
 * Ends this process when the one that started it is gone. A thread of its own sees to it: a process whose loop hangs hears
 * nothing, and would keep the port for ever.
 */
export function endWithParent(): void {
  const watch = new Worker(WATCH, { eval: true, execArgv: [], workerData: { parent: process.ppid } });
  // Without it an end is still heard by whoever does not hang.
  watch.on("error", () => {});
  watch.unref();
}

/** On Windows a process keeps the number of a parent that is gone; elsewhere it gets another parent. */
const WATCH = `
const { parent } = require("node:worker_threads").workerData;
setInterval(() => {
  try {
    process.kill(parent, 0);
    if (process.ppid === parent) return;
  } catch {}
  process.kill(process.pid, "SIGKILL");
}, 1_000);
`;
