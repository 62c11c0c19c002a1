import { followLiveTimers } from "./live-timers.js";
import type { Holdings, Measurement } from "./measurement.js";

const liveTimers = followLiveTimers();

// One process of the app, on the Redis of `BROKER` (options as JSON) or, without it, in memory. It is called `NAME`.
//
// It says where it listens, what it publishes as it is acknowledged or refused, when its broker goes and comes, and what is not
// as promised. On SIGTERM it drains, and tells what is left of it.

const { systemClock } = await import("../../src/app/system.js");
const { redis } = await import("tidings/redis");
const { answerQuestions, notice } = await import("../support/redis/chaos/questions.js");
const { topics } = await import("../support/redis/chaos/topics.js");
const { Beat } = await import("./beat.js");
const { countHoldings, measure } = await import("./measurement.js");
const { holdsMore } = await import("./process-report.js");
const { CLOSE_MS, createSoakApp, KEPT } = await import("./soak-app.js");
const { RememberedKeys } = await import("./remembered-keys.js");
const { Vigil } = await import("./vigil.js");

const PUBLISH_MS = 100;
const { BROKER: broker = "", NAME: name = "", PORT: port = "0" } = process.env;

const log = (fields: object): void => {
  const { event } = fields as { readonly event?: string }; // as each line has it
  if (event === "broker_away" || event === "broker_back") notice(event);
};
const vigil = new Vigil(CLOSE_MS, (promise, what) => notice("violated", { promise, what: `${name}: ${what}` }));
const { app, say, stored, present, isSwept } = createSoakApp({
  broker: broker === "" ? undefined : redis(JSON.parse(broker)),
  vigil,
  logger: { debug() {}, info: log, warn: log, error: log },
  failed: (what) => notice("failed", what),
});

let count = 0;
// Over Redis they are in Redis; and what this process says by itself has none.
const remembered = new RememberedKeys(() => (broker === "" ? app.stats().eventsPublished - count : 0));
const pending = new Set<Promise<unknown>>();

async function publish(topic: string): Promise<void> {
  count += 1;
  try {
    notice("acknowledged", await say(topic, `${name}-${count}`));
  } catch {
    notice("refused");
  }
}

const stream = new Beat(
  PUBLISH_MS,
  () => {
    const published = publish(topics[count % topics.length] ?? "").finally(() => pending.delete(published));
    pending.add(published);
  },
  () => notice("starved"),
);

/** Resolves when it holds, or with false when that takes too long. */
async function settles(holds: () => boolean): Promise<boolean> {
  const endsAtMs = systemClock.elapsed() + PATIENCE_MS;
  while (!holds()) {
    if (systemClock.elapsed() > endsAtMs) return false;
    await new Promise<void>((resolve) => systemClock.after(LOOK_MS, resolve));
  }
  return true;
}

/** One event on each topic: rejects where one is not taken. */
function round() {
  return Promise.all(topics.map((topic) => say(topic, `${name}-${(count += 1)}`)));
}

/** The most timers of a while: what is done again and again has none while it is done. */
async function mostTimers(): Promise<readonly string[]> {
  let most = liveTimers();
  for (let looks = 0; looks < LOOKS; looks += 1) {
    await new Promise<void>((resolve) => systemClock.after(LOOK_MS, resolve));
    const timers = liveTimers();
    if (timers.length > most.length) most = timers;
  }
  return most;
}

const measured = () => measure(app, { liveTimers, living: () => vigil.living.length });

answerQuestions({
  /** Says so much on each topic that as much is kept as ever will be. */
  async fill() {
    for (const topic of topics) {
      for (let times = 0; times < KEPT; times += FILL_AT_ONCE) {
        await Promise.all(Array.from({ length: FILL_AT_ONCE }, () => say(topic, `fill-${name}-${(count += 1)}`)));
      }
    }
  },
  stream: () => stream.start(),
  async stop() {
    stream.stop();
    await Promise.all(pending);
  },
  round,
  /** Those of these that are not in the history. */
  async missing(acknowledged: readonly Parameters<typeof stored>[0][]) {
    const found = await Promise.all(acknowledged.map(stored));
    return acknowledged.filter((_, index) => found[index] !== true);
  },
  present,
  connected: () => app.stats().connections,
  /** Before anybody comes. */
  async first() {
    await settles(() => app.stats().connections === 0);
    const timers = await mostTimers();
    return { measurement: { ...(await measured()), timers }, holdings: countHoldings(remembered.count()) };
  },
  /** Resolves when so many are connected and nothing is on its way, with what the process holds then. */
  async at(connections: number) {
    await settles(() => {
      const stats = app.stats();
      const isQuiet = stats.pending === 0 && stats.outboxBytes === 0 && stats.waitingBytes === 0;
      return isQuiet && isSwept() && stats.connections === connections && vigil.living.length === connections;
    });
    // A publish makes room.
    await round();
    remembered.look();
    return measured();
  },
  /** The same, when all have gone and nothing is left that was not there before. */
  async rests({ measurement, holdings: before }: { readonly measurement: Measurement; readonly holdings: Holdings }) {
    await settles(() => {
      const { connections, pending, channels } = app.stats();
      return connections === 0 && pending === 0 && channels <= measurement.channels && isSwept();
    });
    await settles(() => liveTimers().length <= measurement.timers.length);
    await round();
    let holdings = countHoldings(remembered.count());
    for (let tries = 0; tries < HOLDING_TRIES && holdsMore(holdings, before); tries += 1) {
      await new Promise<void>((resolve) => systemClock.after(LOOK_MS, resolve));
      holdings = countHoldings(remembered.count());
    }
    return { measurement: await measured(), holdings };
  },
  told: () => ({
    checks: vigil.checks,
    stats: app.stats(),
    heapBytes: process.memoryUsage().heapUsed,
    largestOutbox: Math.max(0, ...[...app.connections()].map(({ bufferedBytes }) => bufferedBytes)),
  }),
});

process.once("SIGTERM", async () => {
  const { stats, checks } = { stats: app.stats(), checks: vigil.checks };
  await app.close();
  stream.stop();
  // What was told to close is gone with the next turns.
  const held = () => process.getActiveResourcesInfo().filter((kind) => !OF_ITS_PARENT.includes(kind));
  await settles(() => held().length === 0 && liveTimers().length === 0);
  const timers = liveTimers();
  notice("closed", { living: vigil.living, checks, stats, timers, held: held() });
});
const { url } = await app.listen(Number(port), { signals: [] });
notice("listening", { url, pid: process.pid });

const LOOK_MS = 20;
const LOOKS = 50;
const HOLDING_TRIES = 1;
const FILL_AT_ONCE = 50;
/** The channel to its parent, and what it prints. */
const OF_ITS_PARENT = ["PipeWrap", "Pipe"];
/** Less than who asks has. */
const PATIENCE_MS = 20_000;
