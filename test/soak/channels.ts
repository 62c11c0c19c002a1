// Joins and leaves very many channels, round after round, and looks whether anything of them stays behind.
import { parseArgs } from "node:util";
import { type AnyChannel, type ChannelRef, channel, createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { z } from "zod";

const help = `npm run soak:channels [-- options]

In each round two connections join all channels, an event is published to each, one leaves them all, the other leaves half
of them and closes. It fails where a channel is left then, or where the last round's heap is more than 2 MB above the
second's: the first one warms up.

  --rounds 5          3 or more
  --channels 100000   in each round
  --only <text>       only kinds of channels whose name has this in it
  --json              prints JSON instead of lines
  --help`;

interface Family extends AnyChannel {
  (params: {
    readonly n: string;
  }): ChannelRef<{
    pattern: string;
    publishes: { said: object };
    events: { said: object };
    member: unknown;
    state: unknown;
    history: boolean;
  }>;
}

/** A kind of channels, and who puts a connection on one. */
interface Kind {
  readonly name: string;
  readonly family: Family;
  readonly joinedBy: "server" | "client";
}

const events = { said: z.object({}) };
const history = { size: 3, ttl: "5m" } as const;

const kinds: readonly Kind[] = [
  { name: "plain", family: channel("plain/:n", { events }), joinedBy: "server" },
  {
    name: "with history and presence",
    family: channel("kept/:n", { events, history, presence: true }),
    joinedBy: "server",
  },
  {
    name: "with history and presence, subscribed to by the client",
    family: channel("asked/:n", { events, history, presence: true, allow: { subscribe: true } }),
    joinedBy: "client",
  },
  {
    name: "with a snapshot, subscribed to by the client",
    family: channel("shown/:n", { events, snapshot: () => ({}), allow: { subscribe: true } }),
    joinedBy: "client",
  },
];

interface Round {
  readonly kind: string;
  readonly round: number;
  /** When all were joined. */
  readonly joined: number;
  /** When all were left. */
  readonly channels: number;
  readonly heapBytes: number;
  readonly seconds: number;
}

const MOST_GROWTH_BYTES = 2 * 1024 * 1024;

/** So many are asked for before what was asked is waited for. */
const BATCH = 1_000;

async function main(): Promise<void> {
  const { rounds, channels, only, json, help: isHelpWanted } = readOptions();
  if (isHelpWanted) {
    console.log(help);
    return;
  }
  const faults: string[] = [];
  const all: Round[] = [];
  for (const kind of kinds.filter(({ name }) => name.includes(only))) {
    const seen = await churn(kind, { rounds, channels }, (round) => {
      all.push(round);
      if (!json) console.log(lineOf(round));
    });
    faults.push(...faultsOf(seen, channels));
  }
  if (json) console.log(JSON.stringify({ rounds: all, faults }, undefined, 2));
  else console.log(faults.length === 0 ? "Nothing stays behind." : faults.join("\n"));
  if (faults.length > 0 || all.length === 0) process.exitCode = 1;
}

async function churn(
  { name, family, joinedBy }: Kind,
  { rounds, channels }: { readonly rounds: number; readonly channels: number },
  tell: (round: Round) => void,
): Promise<readonly Round[]> {
  const from = z.object({ names: z.array(z.string()) });
  const refsOf = (names: readonly string[]) => names.map((n) => family({ n }));
  const ways = endpoint("/ws", {
    channels: [family],
    receives: { join: from, leave: from },
    on: {
      join: ({ connection }, { names }) => connection.join(...refsOf(names)),
      leave: ({ connection }, { names }) => connection.leave(...refsOf(names)),
    },
  });
  const app = createApp({ endpoints: [ways] });
  const often = "1000000000/1s";
  await using server = await startTestApp(app, { limits: { channels, messages: often, control: often } });

  const connect = async () => {
    const client = await server.connect<typeof ways>("/ws", { as: "plain" });
    const ask = async (type: "join" | "leave", names: readonly string[]) => {
      if (joinedBy === "server") {
        await client.request(type, { names: [...names] });
        return;
      }
      const [request, answer] = type === "join" ? ["subscribe", "subscribed"] : ["unsubscribe", "unsubscribed"];
      for (const { channel } of refsOf(names))
        client.sendFrame(JSON.stringify({ type: request, payload: { channel } }));
      // What the protocol answers is no message of the endpoint's.
      for (const _ of names) await client.next(answer as never);
    };
    return { client, ask };
  };

  const seen: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const beganMs = performance.now();
    const [ana, bob] = [await connect(), await connect()];
    for (const names of batches(channels)) {
      show(`${name}, round ${round}: joining ${names[0]}`);
      await ana.ask("join", names);
      await bob.ask("join", names);
      for (const ref of refsOf(names)) await app.publish(ref, "said", {});
      for (const { client } of [ana, bob]) for (const _ of names) await client.next("said" as never);
    }
    const joined = app.stats().channels;
    for (const names of batches(channels)) {
      show(`${name}, round ${round}: leaving ${names[0]}`);
      await ana.ask("leave", names);
      if (Number(names[0]) < channels / 2) await bob.ask("leave", names);
    }
    for (const { client } of [ana, bob]) {
      client.close();
      await client.closed;
    }
    // What is remembered for who comes back has its time too. The next publish to whatever channel makes room.
    await server.clock.advance("25h");
    await app.publish(family({ n: "after" }), "said", {});
    await server.clock.advance("1s");
    const heapBytes = await measureHeap();
    const seconds = (performance.now() - beganMs) / 1_000;
    const result = { kind: name, round, joined, channels: app.stats().channels, heapBytes, seconds };
    show("");
    tell(result);
    seen.push(result);
  }
  return seen;
}

function faultsOf(rounds: readonly Round[], channels: number): readonly string[] {
  const faults = rounds.flatMap(({ kind, round, joined, channels: left }) => [
    ...(joined === channels ? [] : [`${kind}, round ${round}: ${joined} of ${channels} channels were there.`]),
    ...(left === 0 ? [] : [`${kind}, round ${round}: ${left} channels are left.`]),
  ]);
  const [second, last] = [rounds[1], rounds.at(-1)];
  const growth = (last?.heapBytes ?? 0) - (second?.heapBytes ?? 0);
  if (growth <= MOST_GROWTH_BYTES) return faults;
  return [...faults, `${last?.kind}: the heap grew by ${megabytes(growth)} from round 2 to ${last?.round}.`];
}

/** What is in use when all that nobody holds is gone. */
async function measureHeap(): Promise<number> {
  for (let times = 0; times < 3; times += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

function* batches(channels: number): Generator<readonly string[]> {
  for (let first = 0; first < channels; first += BATCH) {
    yield Array.from({ length: Math.min(BATCH, channels - first) }, (_, index) => `${first + index}`);
  }
}

function lineOf({ kind, round, joined, channels, heapBytes, seconds }: Round): string {
  return `${kind}, round ${round}: ${joined} channels, then ${channels}; heap ${megabytes(heapBytes)} (${seconds.toFixed(1)} s)`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MB`;
}

/** One line that is rewritten, where somebody looks on. */
function show(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${what}`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      channels: { type: "string", default: "100000" },
      only: { type: "string", default: "" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [rounds, channels] = [Number(values.rounds), Number(values.channels)];
  if (!Number.isInteger(rounds) || rounds < 3) throw new Error(`--rounds ${values.rounds}: give 3 or more.`);
  if (!Number.isInteger(channels) || channels < 1) throw new Error(`--channels ${values.channels}: give 1 or more.`);
  if (!values.help && globalThis.gc === undefined) {
    throw new Error("The heap can't be measured without --expose-gc: npm run soak:channels gives it.");
  }
  return { ...values, rounds, channels };
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
