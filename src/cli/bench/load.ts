import { setImmediate, setTimeout } from "node:timers/promises";
import { BenchConnection } from "./connection.js";
import type { Plan } from "./plan.js";
import { Tally } from "./tally.js";
import type { Target } from "./target.js";

export interface Watch {
  /** Aborted by whoever has seen enough. */
  readonly signal: AbortSignal;
  readonly onProgress: (phase: "opening" | "load", elapsedMs: number, tally: Tally) => void;
}

/** What came of it. */
export interface Loaded {
  readonly tally: Tally;
  readonly loadMs: number;
  /** How much of one core this process used meanwhile, 0 to 1 and, with helping threads, a little more. */
  readonly ownShare: number;
}

/** Opens the connections, says what is due on them, waits for the last answers, and closes them. */
export async function load(target: Target, plan: Plan, watch: Watch): Promise<Loaded> {
  const tally = new Tally();
  const connections = await open(target, plan, tally, watch);
  try {
    if (connections.length === 0 || watch.signal.aborted) return { tally, loadMs: 0, ownShare: 0 };
    tally.received = 0;
    tally.receivedBytes = 0;
    const [startedAt, before] = [performance.now(), process.cpuUsage()];
    await sayAll(connections, plan, tally, watch);
    const loadMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(before);
    await settle(tally);
    return { tally, loadMs, ownShare: (user + system) / 1_000 / loadMs };
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** Those that could be opened. */
async function open(
  target: Target,
  plan: Plan,
  tally: Tally,
  { signal, onProgress }: Watch,
): Promise<BenchConnection[]> {
  const [dialled, open]: [BenchConnection[], BenchConnection[]] = [[], []];
  const startedAt = performance.now();
  const dial = async () => {
    const dialledAt = performance.now();
    const connection = new BenchConnection(target, plan, tally, dialled.length);
    dialled.push(connection);
    try {
      await connection.opened;
      open.push(connection);
      tally.opened += 1;
      tally.openings.add(performance.now() - dialledAt);
    } catch (error) {
      tally.failed.add(error instanceof Error ? error.message : String(error));
    }
  };
  const dials: Promise<void>[] = [];
  const isOver = () => signal.aborted || isHopeless(tally) || tally.opened + tally.failed.total === plan.connections;
  while (!isOver()) {
    const elapsed = performance.now() - startedAt;
    const due = Math.min(plan.connections, 1 + Math.floor((elapsed / 1_000) * plan.dialsPerSecond));
    while (dials.length < due) dials.push(dial());
    onProgress("opening", elapsed, tally);
    await pause((dials.length / plan.dialsPerSecond) * 1_000 - elapsed, signal);
  }
  for (const connection of dialled) connection.giveUp("given up");
  await Promise.all(dials);
  return open;
}

/** So many failed, and none was opened: the others are spared. */
const HOPELESS = 20;

function isHopeless({ failed, opened }: Tally): boolean {
  return opened === 0 && failed.total >= HOPELESS;
}

/**
 * Each message is due at a time of its own, evenly over time and over the connections, whether or not those before it were
 * answered: a server that stalls is not spared, and what waited meanwhile is counted (no "coordinated omission").
 */
async function sayAll(
  connections: readonly BenchConnection[],
  { durationMs, messagesPerSecond, connections: wanted }: Plan,
  tally: Tally,
  { signal, onProgress }: Watch,
): Promise<void> {
  // The rate is of each connection.
  const intervalMs = (1_000 * wanted) / (messagesPerSecond * connections.length);
  const all = Math.ceil(durationMs / intervalMs);
  const startedAt = performance.now();
  let n = 0;
  for (let elapsed = 0; elapsed < durationMs + (n < all ? CATCH_UP_MS : 0) && !signal.aborted; ) {
    const due = Math.min(all, n + MOST_AT_ONCE, Math.floor(elapsed / intervalMs) + 1);
    for (; n < due; n += 1) {
      const dueAt = startedAt + n * intervalMs;
      const now = performance.now();
      const isLate = now - dueAt > TIMER_GRAIN_MS;
      if (isLate) tally.late += 1;
      connections[n % connections.length]?.say(n, isLate ? dueAt : now);
    }
    onProgress("load", elapsed, tally);
    // What came is read in between, also where it can't keep up.
    const pauseMs = Math.min(n * intervalMs, durationMs) - (performance.now() - startedAt);
    if (pauseMs <= 0) await setImmediate();
    else await pause(pauseMs, signal);
    elapsed = performance.now() - startedAt;
  }
  if (!signal.aborted) tally.held += all - n;
}

/** Said in one go, before it is looked at what has come. */
const MOST_AT_ONCE = 1_000;
/** What was due in time and could not be said by then is not said. */
const CATCH_UP_MS = 1_000;
/** A timer of Node rings up to this much late: this is not the server's doing. */
const TIMER_GRAIN_MS = 2;

/** The last answers have this long. */
async function settle(tally: Tally): Promise<void> {
  const settled = new AbortController();
  tally.whenSettled(() => settled.abort());
  const startedAt = performance.now();
  while (!settled.signal.aborted && performance.now() - startedAt < PATIENCE_MS) {
    await pause(PATIENCE_MS, settled.signal);
  }
}

const PATIENCE_MS = 2_000;

/** Shorter, so that the progress is seen; whoever waits looks at why it is over. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(Math.min(Math.max(1, ms), LONGEST_PAUSE_MS), undefined, { signal }).catch(() => {}); // it is aborted
}

const LONGEST_PAUSE_MS = 250;
