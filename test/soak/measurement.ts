import { readdirSync, readlinkSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { App } from "tidings";

/** What a process holds. */
export interface Measurement {
  /** In use, when all that nobody holds is gone. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly connections: number;
  readonly channels: number;
  readonly users: number;
  /** Connections whose `close` has not run. */
  readonly living: number;
  /** Not yet open, or refused and not yet gone. */
  readonly pending: number;
  /** Bytes that wait for sockets and for handlers. */
  readonly waitingBytes: number;
  /** Timers that are neither over nor cleared: where each was set. */
  readonly timers: readonly string[];
  /** Sockets of the process, as the kernel has them. */
  readonly sockets: number;
  /** What keeps the process alive, as Node tells it: kind → how many. */
  readonly resources: Readonly<Record<string, number>>;
}

/** All of it but the heap costs next to nothing. */
export async function measure(
  app: App,
  { liveTimers, living }: { readonly liveTimers: () => readonly string[]; readonly living: () => number },
): Promise<Measurement> {
  const heapBytes = await measureHeap();
  const { connections, channels, users, pending, outboxBytes, waitingBytes } = app.stats();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo())
    if (!PASSING.includes(kind)) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    heapBytes,
    rssBytes: process.memoryUsage.rss(),
    connections,
    channels,
    users,
    living: living(),
    pending,
    waitingBytes: outboxBytes + waitingBytes,
    timers: liveTimers(),
    sockets: countSockets(),
    resources,
  };
}

/** In use, after as many collections each time. */
async function measureHeap(): Promise<number> {
  for (let times = 0; times < COLLECTIONS; times += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

function countSockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false; // that of the folder itself, which is closed by now
    }
  }).length;
}

const COLLECTIONS = 4;
/** Of this turn; and timers are followed one by one. */
const PASSING = ["Immediate", "TickObject", "Timeout"];
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void; // as the flag has it
