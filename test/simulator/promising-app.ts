import { type App, type AppLimits, type Broker, channel, createApp, endpoint, forbidden, TidingsError } from "tidings";
import { bearer } from "tidings/auth";
import { startTask, type Task, tasks } from "tidings/tasks";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import type { Ledger } from "./ledger.js";
import type { Setting } from "./program.js";
import { NO_LUCK, type TaskBegun } from "./task-truth.js";

const said = { said: z.object({ n: z.number() }) };
const anybody = { subscribe: true, publish: true } as const;

/** What a channel of the app promises. */
export interface Kind {
  readonly pattern: string;
  readonly name: string;
  /** How much is kept. */
  readonly keeps: { readonly size: number; readonly ttlMs: number } | undefined;
  readonly hasState: boolean;
  readonly hasPresence: boolean;
  /** Does the server put everybody on it? */
  readonly isJoined: boolean;
}

function kind(name: string, options: Partial<Kind>): Kind {
  const [topic = ""] = name.split("/", 1);
  return {
    pattern: `${topic}/:id`,
    name,
    keeps: undefined,
    hasState: false,
    hasPresence: false,
    isJoined: false,
    ...options,
  };
}

const much = { size: 500, ttlMs: 3_600_000 };
const little = { size: 4, ttlMs: 20_000 };

/** Every way in which a channel may keep its promises. */
export const kinds = {
  log: kind("log/a", { keeps: much, hasPresence: true }),
  brief: kind("brief/a", { keeps: little }),
  live: kind("live/a", {}),
  board: kind("board/a", { keeps: much, hasState: true }),
  gauge: kind("gauge/a", { hasState: true }),
  joined: kind("joined/a", { keeps: much, isJoined: true }),
} as const;
export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as readonly KindName[]; // its keys are those

export interface AppHooks {
  readonly broker: Broker;
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  /** Resolves so much later. */
  readonly pass: (ms: number) => Promise<void>;
  /** A message has come to its handler. */
  readonly handled: (message: { readonly user: string; readonly connection: string; readonly n: number }) => void;
  /** How long it takes now until who comes is put on the server's channels. */
  readonly openMs: () => number;
  readonly outbox: number;
  /** How much it takes of a client. */
  readonly takes: Setting["takes"];
  readonly failed: (what: string) => void;
}

/** An app that has one of everything; `say` publishes what no client did, `begin` starts a task that takes so long. */
export function createPromisingApp(hooks: AppHooks): {
  readonly app: App;
  say(name: KindName, n: number): Promise<unknown>;
  begin(task: TaskBegun, ms: number): Promise<unknown>;
} {
  const user = bearer({
    from: ["message"],
    verify: (token: string) => {
      const [id = "", expiresMs] = token.split("~");
      const isOld = expiresMs !== undefined && Number(expiresMs) <= hooks.nowMs();
      if (isOld) throw new TidingsError("token_expired");
      return { id, expiresMs: expiresMs === undefined ? undefined : Number(expiresMs) };
    },
    expiresAt: ({ expiresMs }) => (expiresMs === undefined ? undefined : new Date(expiresMs)),
  });
  const stateOf = (name: string) => ({ count: hooks.ledger.of(name).length });
  const keep = ({ size, ttlMs }: { size: number; ttlMs: number }) => ({ size, ttl: `${ttlMs}ms` as const });
  const channels = {
    log: channel("log/:id", { events: said, history: keep(much), presence: true, allow: anybody }),
    brief: channel("brief/:id", { events: said, history: keep(little), allow: anybody }),
    live: channel("live/:id", { events: said, allow: anybody }),
    board: channel("board/:id", {
      events: said,
      history: keep(much),
      snapshot: () => stateOf("board/a"),
      allow: anybody,
    }),
    gauge: channel("gauge/:id", { events: said, snapshot: () => stateOf("gauge/a"), allow: anybody }),
    joined: channel("joined/:id", { events: said, history: keep(much), allow: { publish: true } }),
  };
  const count = z.object({ n: z.number(), ms: z.number() });
  const main = endpoint("/ws", {
    auth: user,
    channels: [...Object.values(channels), tasks],
    receives: { add: count, note: count, refuse: count },
    async open({ user, connection }) {
      const ms = hooks.openMs();
      if (ms > 0) await hooks.pass(ms);
      await connection.join(channels.joined({ id: "a" }), tasks({ user: user.id }));
    },
    on: {
      async add({ user, connection }, { n, ms }) {
        hooks.handled({ user: user.id, connection: connection.id, n });
        if (ms > 0) await hooks.pass(ms);
        return n + 1;
      },
      note({ user, connection }, { n }) {
        hooks.handled({ user: user.id, connection: connection.id, n });
      },
      refuse() {
        throw forbidden();
      },
    },
  });
  const app = createApp({
    endpoints: [main],
    broker: hooks.broker,
    limits: { ...rates[hooks.takes], outbox: `${hooks.outbox}b` },
    onError: (error, { during }) => hooks.failed(`${during}: ${String(error)}`),
  });
  // All of them have the same events.
  const refOf = channels as unknown as Record<KindName, (params: { id: string }) => ReturnType<typeof channels.live>>;
  return {
    app,
    say: (name, n) => app.publish(refOf[name]({ id: "a" }), "said", { n }),
    begin: (begun, ms) => startTask(app, begun.user, (task) => work(hooks, task, begun, ms), { id: begun.id }),
  };
}

const rates = {
  all: anyRate,
  default: {},
  little: { messages: "10/1s", control: "10/3s", strikes: "100/60s" },
} as const satisfies Record<Setting["takes"], AppLimits>;

async function work({ pass }: AppHooks, task: Task, { result, end }: TaskBegun, ms: number): Promise<number> {
  await pass(ms / 2);
  if (end !== "deaf") await task.progress(50);
  await pass(ms / 2);
  if (end === "error") throw new TidingsError(NO_LUCK);
  if (end !== "deaf") task.signal.throwIfAborted();
  return result;
}
