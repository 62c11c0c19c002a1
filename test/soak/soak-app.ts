import {
  type App,
  type AppLimits,
  type Broker,
  channel,
  createApp,
  endpoint,
  type Logger,
  rawEndpoint,
  TidingsError,
} from "tidings";
import { bearer } from "tidings/auth";
import { cancelTask, startTask, type Task, tasks } from "tidings/tasks";
import { z } from "zod";
import { systemClock } from "../../src/app/system.js";
import { anyRate } from "../support/any-rate.js";
import type { Acknowledged } from "../support/redis/chaos/topics.js";
import type { Vigil } from "./vigil.js";

export interface SoakAppOptions {
  /** Undefined: in the memory of the process. */
  readonly broker: Broker | undefined;
  readonly vigil: Vigil;
  readonly logger: Logger;
  readonly failed: (what: string) => void;
}

/** Whoever shows it may ask what can be asked over HTTP. */
export const API_KEY = "only-for-the-soak-0123456789";

/** What is kept of each topic, which is filled before anybody comes: then no more and no less is kept later on. */
export const KEPT = 600;

/** So long a connection may take to close. */
export const CLOSE_MS = 2_000;

/** So long what is told at length is kept, and the place in a stream that nobody uses. */
export const TAIL_TTL_MS = 4_000;

const said = { said: z.object({ n: z.string() }) };
const bulk = { bulk: z.object({ n: z.string(), text: z.string() }) };
const allow = { subscribe: true, publish: true } as const;
const history = { size: KEPT, ttl: "1h" } as const;
const soon = "10s";

// The crowd's, by the names of test/support/redis/chaos/topics.ts.
const log = channel("log/:id", { events: said, history, allow });
const board = channel("board/:id", { events: said, history, allow, snapshot: ({ params }) => ({ of: params.id }) });
const room = channel("room/:id", { events: said, history, allow, presence: true });
const live = channel("live/:id", { events: said, allow });
const latest = channel("latest/:id", {
  events: said,
  allow,
  overflow: { keepLatestBy: ({ payload }) => payload.n },
});

// Those of who comes for a moment.
/** Who does not read is sent away. */
const big = channel("big/:id", { events: bulk, presence: true, allow: { subscribe: true } });
/** Who does not read catches up. */
const tail = channel("tail/:id", {
  events: bulk,
  history: { size: 200, ttl: `${TAIL_TTL_MS}ms` },
  allow: { subscribe: true },
});
/** So many of them that nothing of one may stay. */
const brief = channel("brief/:id", { events: said, allow, presence: true });
const brieflyKept = channel("briefly-kept/:id", { events: said, history: { size: 5, ttl: soon }, allow });

/** Its user's name, `/` and the time it is good for, in milliseconds since 1970; without one for ever. */
const user = bearer({
  from: ["header", "subprotocol", "query", "message"],
  verify: (token: string) => {
    const [id = "", until] = token.split("/");
    if (until !== undefined && Number(until) <= Date.now()) throw new TidingsError("token_expired");
    return id === NOBODY ? null : { id, until };
  },
  expiresAt: ({ until }) => (until === undefined ? undefined : new Date(Number(until))),
});

/** A token of this name is nobody's. */
export const NOBODY = "nobody";

const limits = {
  handshake: "3s",
  auth: "3s",
  close: `${CLOSE_MS}ms`,
  expiryGrace: "500ms",
  presenceGrace: "100ms",
  positionTtl: `${TAIL_TTL_MS}ms`,
  outbox: "256kb",
  revocations: 20,
} as const satisfies AppLimits;

const LOOK_EVERY = 20;
const n = z.object({ n: z.number() });
const blast = z.object({ on: z.enum(["big", "tail"]), id: z.string(), count: z.number(), bytes: z.number() });

/** An app that has one of everything, where the clients of a soak come and go; `say` publishes what no client did. */
export function createSoakApp({ broker, vigil, logger, failed }: SoakAppOptions): SoakApp {
  const noted = new Noted();
  let leftAtMs = Number.NEGATIVE_INFINITY;
  const hall = endpoint("/ws", {
    auth: user,
    channels: [log, board, room, live, latest],
    limits: anyRate,
    open: ({ connection }) => vigil.opens(connection, nothing),
    close: ({ connection }) => vigil.closes(connection),
  });
  const desk = endpoint("/ws/desk", {
    auth: user,
    channels: [big, tail, brief, brieflyKept, tasks],
    receives: { say: n, note: n, slow: n, noted: n, blast, start: z.object({ ms: z.number() }), stop: z.string() },
    open: ({ connection, user }) =>
      vigil.opens(connection, async () => {
        // Long enough that who talks early has talked.
        await passed(5);
        if (user.id.startsWith("tasks-")) await connection.join(tasks({ user: user.id }));
      }),
    on: {
      say: ({ connection }, { n }) => {
        vigil.handles(connection, n)();
        return n;
      },
      note: ({ connection, user }, { n }) => {
        vigil.handles(connection, n)();
        noted.add(`${user.id} ${n}`);
      },
      async slow({ connection }, { n }) {
        const ended = vigil.handles(connection, n);
        await passed(150);
        ended();
        return n;
      },
      noted: ({ user }, { n }) => noted.heard(`${user.id} ${n}`),
      async blast({ app }, { on, id, count, bytes }) {
        const text = "x".repeat(bytes);
        const publish = (n: string) =>
          on === "big" ? app.publish(big({ id }), "bulk", { n, text }) : app.publish(tail({ id }), "bulk", { n, text });
        // In whichever process; what is said to nobody costs as much.
        const isHeard = async () => on === "tail" || (await app.presence(big({ id }))).length > 0;
        for (let index = 1; index <= count; index += 1) {
          if (index % LOOK_EVERY === 0 && !(await isHeard())) break;
          await publish(String(index));
        }
        return count;
      },
      start: ({ app, user }, { ms }) => startTask(app, user.id, (task) => work(task, ms), { name: "soak" }),
      stop: ({ app, user }, task) => cancelTask(app, user.id, task),
    },
    close({ connection }) {
      vigil.closes(connection);
      leftAtMs = systemClock.elapsed();
    },
  });
  const raw = rawEndpoint("/raw", {
    limits: { messages: "1000/1s" },
    open: ({ connection }) => vigil.opens(connection, nothing),
    text: ({ connection }, text) => void connection.send(text),
    binary: ({ connection }, bytes) => void connection.send(bytes),
    close: ({ connection }) => vigil.closes(connection),
  });
  const app = createApp({
    endpoints: [hall, desk, raw],
    broker,
    compression: true,
    limits,
    heartbeat: { every: "5s", timeout: "5s" },
    drain: { reconnectWithin: "200ms", deadline: "5s" },
    http: { docs: true, dashboard: true, metrics: true, api: { keys: [API_KEY] } },
    logger,
    onError: (error, { during }) => failed(`${during}: ${error} ${Object(error).cause ?? ""}`),
  });
  return {
    app,
    isSwept: () => systemClock.elapsed() > leftAtMs + TAIL_TTL_MS,
    present: async () => (await app.presence(room({ id: "a" }))).map(({ id }) => id),
    async say(topic, n) {
      const ref = all.find(({ channel }) => channel === topic);
      if (ref === undefined) throw new Error(`There is no topic ${topic}.`);
      // All of them have the same events.
      const { epoch, offset } = await app.publish(ref as ReturnType<typeof log>, "said", { n });
      return { topic, n, epoch, offset };
    },
    async stored({ topic, n, offset }) {
      const ref = all.find(({ channel }) => channel === topic);
      if (ref === undefined || offset === undefined) return true;
      const [event] = await app.history(ref as ReturnType<typeof log>, { limit: 1, before: offset + 1 });
      return event?.offset === offset && event.payload.n === n;
    },
  };
}

export interface SoakApp {
  readonly app: App;
  /** Is all over that is remembered for a while of who came for a moment? */
  isSwept(): boolean;
  /** Who is where everybody of the crowd meets. */
  present(): Promise<readonly string[]>;
  /** Rejects where it is not known whether it was taken. */
  say(topic: string, n: string): Promise<Acknowledged>;
  /** Is it in the history, in its place? Where there is none it is. */
  stored(acknowledged: Acknowledged): Promise<boolean>;
}

const all = [
  ...["a", "b", "c", "d"].map((id) => log({ id })),
  ...["a", "b"].map((id) => board({ id })),
  ...["a", "b"].map((id) => room({ id })),
  live({ id: "a" }),
  latest({ id: "a" }),
];

async function work(task: Task, ms: number): Promise<number> {
  await task.progress(50, "half");
  await passed(ms);
  task.signal.throwIfAborted();
  return ms;
}

function nothing(): undefined {}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}

/** What was handled of those who left at once, the latest of it. */
class Noted {
  readonly #noted = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  add(what: string): void {
    this.#noted.add(what);
    const [oldest] = this.#noted;
    if (this.#noted.size > MOST_NOTED && oldest !== undefined) this.#noted.delete(oldest);
    this.#waiting.get(what)?.();
    this.#waiting.delete(what);
  }

  /** Resolves when it was, with true; with false where it takes longer than it may. */
  heard(what: string): Promise<boolean> {
    if (this.#noted.has(what)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const late = systemClock.after(PATIENCE_MS, () => {
        this.#waiting.delete(what);
        resolve(false);
      });
      this.#waiting.set(what, () => {
        late.cancel();
        resolve(true);
      });
    });
  }
}

const MOST_NOTED = 20;
/** Longer than `limits.close`. */
const PATIENCE_MS = 5_000;
