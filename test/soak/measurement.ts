import { readdirSync, readlinkSync } from "node:fs";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { App } from "tidings";
import { LiveConnection } from "../../src/connection/live-connection.js";
import { Outbox } from "../../src/delivery/outbox.js";
import { Audience } from "../../src/hub/audience.js";

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

/** What V8 finds of what one connection, or one channel, is made of, and in all that could keep such things by name. */
export interface Holdings {
  /** Class → how many there are. */
  readonly instances: Readonly<Record<string, number>>;
  /** Of the process itself: its event → how many hear it. */
  readonly listeners: Readonly<Record<string, number>>;
  /** Of all Maps and Sets together, and of the largest of them. */
  readonly entries: number;
  readonly largest: readonly number[];
  /** How many keys of publishes the broker may remember here, for 5 minutes each. */
  readonly keys: number;
}

const passing = { LiveConnection, Outbox, Audience };

/** Looks at the whole heap: some tenths of a second in which nothing else runs. */
export function countHoldings(keys: number): Holdings {
  const instances = Object.entries(passing).map(([name, made]) => [name, queryObjects(made, { format: "count" })]);
  const sizes = [...sizesOf(Map), ...sizesOf(Set)];
  return {
    instances: Object.fromEntries(instances),
    listeners: Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)])),
    entries: sizes.reduce((sum, size) => sum + size, 0),
    largest: sizes.toSorted((some, others) => others - some).slice(0, LARGEST),
    keys,
  };
}

function sizesOf(made: typeof Map | typeof Set): number[] {
  // Each is shown as `Map(3) {…}`.
  const shown = queryObjects(made, { format: "summary" });
  return shown.map((text) => Number(/^\w+\((\d+)\)/.exec(text)?.[1] ?? 0));
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
const LARGEST = 16;
/** Of this turn; and timers are followed one by one. */
const PASSING = ["Immediate", "TickObject", "Timeout"];
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void; // as the flag has it
