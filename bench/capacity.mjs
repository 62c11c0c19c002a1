// What one process of an app and one Redis carry, for docs/how-to/scale.md. It measures Tidings alone, and costs rather than speed.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createClient } from "redis";
import { buildTidings } from "./build.mjs";
import { LoadProcess, ServerProcess } from "./child.mjs";
import { cores, describeMachine } from "./machine.mjs";
import { redisVersion, startRedis } from "./redis.mjs";

const help = `node bench/capacity.mjs [options]

Measures what connections at rest, and publishes, cost one process and one Redis; half an hour. \`npm ci --prefix bench\` first.

  --runs 3             of each; what is printed is the median, the least and the most
  --connections 10000  at rest
  --rest 50            seconds for which they are watched: leases and streams are looked after every 25 s, hearts beat every 30 s
  --only room          only the parts whose name has this word
  --help`;

/** Who is at rest: each has all that those above have, but the first has no Redis. */
const atRest = {
  "a user, without Redis": { path: "/ws/user", hasRedis: false },
  "a user": { path: "/ws/user" },
  "and a channel of their own": { path: "/ws/inbox" },
  "and a room of 50 with presence": { path: "/ws/room" },
};
/** They pay for code and pools. */
const FIRST = 2_000;
/** No order to the load takes long then. */
const CHUNK = 500;
/** After `limits.presenceGrace` those who went have left. */
const GRACE_MS = 6_000;

/** How many processes there are, of which none has anything to do. */
const PROCESSES = [1, 50, 100, 200];
/** By how many processes one channel is heard. */
const HEARERS = [0, 1, 2, 4, 8, 16];
/** How many events of 100 bytes a channel keeps. */
const KEPT = [1, 10, 100];
const CHANNELS = 2_000;

/** A server, a Redis on the core of the load, and who connects. */
class Play {
  #tidings;
  #redis;
  #client;
  #server;
  #load;

  constructor(tidings) {
    this.#tidings = tidings;
  }

  async open({ program, hasRedis = true, hasLoad = true }) {
    if (hasRedis) {
      this.#redis = await startRedis(cores().load);
      this.#client = await createClient({ url: `redis://127.0.0.1:${this.#redis.port}` }).connect();
    }
    const command = [process.execPath, fileURLToPath(new URL(`servers/${program}.mjs`, import.meta.url))];
    const env = { TIDINGS: this.#tidings, ...(hasRedis && { BENCH_REDIS: `redis://127.0.0.1:${this.#redis.port}` }) };
    this.#server = await ServerProcess.start({ command, isNode: true }, { env, nodeFlags: ["--expose-gc"] });
    if (!hasLoad) return;
    this.#load = new LoadProcess();
    await this.#load.order("meet", { ports: [this.#server.port], dialect: "json", compression: false, textLength: 64 });
  }

  ask(question, what) {
    return this.#server.ask(question, what);
  }

  async dial(group, path, count) {
    for (let left = count; left > 0; left -= CHUNK) {
      await this.#load.order("dial", { group, path, count: Math.min(left, CHUNK), atOnce: 50 });
    }
    await sleep(500);
  }

  hangUp(group) {
    return this.#load.order("hangUp", { group });
  }

  /** Bytes. */
  async memory() {
    const { rss, heap } = await this.#server.memory();
    return { rss, heap, redis: await this.redisMemory() };
  }

  async redisMemory() {
    if (this.#client === undefined) return 0;
    return Number(/^used_memory:(\d+)/m.exec(await this.#client.info("memory"))[1]);
  }

  configure(name, value) {
    return this.#client.configSet(name, value);
  }

  /** Microseconds of CPU time that the process, and Redis, spent on it. */
  async costOf(work) {
    const before = await this.#spent();
    const result = await work();
    const after = await this.#spent();
    return { result, app: after.app - before.app, redis: after.redis - before.redis };
  }

  async close() {
    await this.#load?.stop();
    await this.#server?.stop();
    this.#client?.destroy();
    await this.#redis?.stop();
  }

  async #spent() {
    const [app, redis] = [await this.#server.cpuSeconds(), (await this.#redis?.cpuSeconds()) ?? 0];
    return { app: app * 1e6, redis: redis * 1e6 };
  }
}

/** What each of so many connections costs: to come, to be there, and to go. */
async function measureAtRest(play, { path, hasRedis }, { connections, restMs }) {
  await play.open({ program: "capacity", hasRedis });
  await play.dial("first", path, FIRST);
  const before = await play.memory();
  const came = await play.costOf(() => play.dial("more", path, connections));
  const after = await play.memory();
  const rested = await play.costOf(() => sleep(restMs));
  const { count } = await play.ask("connections");
  if (count !== FIRST + connections) throw new Error(`${FIRST + connections} came, and ${count} are there.`);
  const isToldOf = path === "/ws/inbox";
  const users = FIRST + connections;
  if (isToldOf) await play.ask("publish", { users, each: 1 });
  const told = isToldOf && (await play.costOf(() => play.ask("publish", { users, each: 2 })));
  const went = await play.costOf(async () => {
    await play.hangUp("more");
    await sleep(GRACE_MS);
  });
  const perMinute = (which) => (rested[which] / users) * (60_000 / restMs);
  return {
    "RSS, bytes": (after.rss - before.rss) / connections,
    "heap, bytes": (after.heap - before.heap) / connections,
    "in Redis, bytes": (after.redis - before.redis) / connections,
    "to come, µs": came.app / connections,
    "of Redis": came.redis / connections,
    "a minute at rest, µs": perMinute("app"),
    "a minute, of Redis": perMinute("redis"),
    "to go, µs": went.app / connections,
    "to go, of Redis": went.redis / connections,
    ...(isToldOf && { "an event, µs": told.app / (2 * users), "an event, of Redis": told.redis / (2 * users) }),
  };
}

/** What a process costs that nobody is connected to. */
async function measureAlone(play, { restMs }) {
  await play.open({ program: "capacity", hasLoad: false });
  await sleep(restMs / 10);
  const { app, redis } = await play.costOf(() => sleep(restMs / 2));
  const toMsAMinute = (120_000 / restMs) * 1e-3;
  return { "a minute, ms": app * toMsAMinute, "a minute, ms of Redis": redis * toMsAMinute };
}

/** What it costs Redis that processes are there. */
async function measureProcesses(play, { restMs }) {
  await play.open({ program: "capacity-links", hasLoad: false });
  const found = {};
  for (const processes of PROCESSES) {
    await play.ask("hear", { channel: "everybody", isKept: false, processes });
    await sleep(restMs / 25);
    const { redis } = await play.costOf(() => sleep(restMs / 5));
    found[`${processes}, ms of Redis a second`] = redis / restMs / 0.2;
  }
  return found;
}

/** What a publish costs Redis where so many processes hear it. */
async function measureHearers(play, { isKept, inFlight }) {
  await play.open({ program: "capacity-links", hasLoad: false });
  const size = isKept ? 100 : undefined;
  const costs = {};
  for (const processes of HEARERS) {
    const channel = `chat/${processes}`;
    await play.ask("hear", { channel, isKept, processes });
    await play.ask("publish", { channel, each: 3_000, size, inFlight });
    const each = 6_000;
    const { app, redis } = await play.costOf(() => play.ask("publish", { channel, each, size, inFlight }));
    costs[`${processes} hear, µs of Redis`] = redis / each;
    costs[`${processes} hear, µs of all processes`] = app / each;
  }
  return costs;
}

/** What a channel takes in Redis that keeps so many events. */
async function measureKept(play) {
  await play.open({ program: "capacity-links", hasLoad: false });
  const found = {};
  for (const events of KEPT) {
    const before = await play.redisMemory();
    await play.ask("publish", { channel: `kept/${events}`, channels: CHANNELS, each: events, size: 100 });
    found[`with ${events}, bytes`] = ((await play.redisMemory()) - before) / CHANNELS;
  }
  const before = await play.redisMemory();
  await play.ask("publish", { channel: "live", channels: CHANNELS, each: 1 });
  found["with nothing kept, bytes"] = ((await play.redisMemory()) - before) / CHANNELS;
  // Redis takes so much ahead for the first event of a stream (4 KiB where it is not told).
  await play.configure("stream-node-max-bytes", "512");
  const small = await play.redisMemory();
  await play.ask("publish", { channel: "small", channels: CHANNELS, each: 1, size: 100 });
  found["with 1, stream-node-max-bytes 512, bytes"] = ((await play.redisMemory()) - small) / CHANNELS;
  return found;
}

async function main({ runs, connections, restMs, only }) {
  const { url: tidings } = buildTidings();
  const parts = [
    ["a process without connections", (play) => measureAlone(play, { restMs })],
    ...Object.entries(atRest).map(([name, { path, hasRedis = true }]) => {
      return [name, (play) => measureAtRest(play, { path, hasRedis }, { connections, restMs })];
    }),
    ["processes at rest", (play) => measureProcesses(play, { restMs })],
    ["a publish, nothing kept, 64 in flight", (play) => measureHearers(play, { isKept: false, inFlight: 64 })],
    ["a publish, 100 kept, 64 in flight", (play) => measureHearers(play, { isKept: true, inFlight: 64 })],
    ["a publish, 100 kept, one at a time", (play) => measureHearers(play, { isKept: true, inFlight: 1 })],
    ["a channel in Redis", measureKept],
  ].filter(([name]) => name.includes(only));
  const { cpu, cores: count, node, commit, pinning } = describeMachine();
  console.log(`${cpu}, ${count} cores, ${pinning}; Node ${node}, ${redisVersion()}; commit ${commit}; ${runs} runs`);
  const found = new Map(parts.map(([name]) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    for (const [name, measure] of run % 2 === 0 ? parts : parts.toReversed()) {
      const play = new Play(tidings);
      try {
        found.get(name).push(await measure(play));
      } finally {
        await play.close();
      }
      console.error(`run ${run + 1}: ${name}`, found.get(name).at(-1));
    }
  }
  for (const [name, all] of found) console.log(`\n## ${name}\n\n${tableOf(all)}`);
}

/** The median of the runs, the least and the most, of each figure. */
function tableOf(all) {
  const lines = Object.keys(all[0]).map((figure) => {
    const sorted = all.map((each) => each[figure]).toSorted((a, b) => a - b);
    const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map(numberText);
    return `| ${figure} | ${median} | ${least}–${most} |`;
  });
  return ["| | median | spread |", "|---|---:|---:|", ...lines].join("\n");
}

function numberText(number) {
  return number.toFixed(Math.abs(number) < 100 ? 1 : 0);
}

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    connections: { type: "string", default: "10000" },
    rest: { type: "string", default: "50" },
    only: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(help);
else {
  const [runs, connections, restMs] = [values.runs, values.connections, values.rest].map(Number);
  await main({ runs, connections, restMs: restMs * 1_000, only: values.only });
}
