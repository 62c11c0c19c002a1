import { type App, channel } from "tidings";
import { z } from "zod";

const said = { said: z.object({ n: z.string() }) };
const allow = { subscribe: true, publish: true } as const;
/** More than is said in a test: what is not told was lost, not forgotten. */
const history = { size: 20_000, ttl: "1h" } as const;

const log = channel("log/:id", { events: said, history, allow });
const board = channel("board/:id", {
  events: said,
  history,
  allow,
  snapshot: ({ params }) => ({ of: params.id }),
});
const room = channel("room/:id", { events: said, history, allow, presence: true });
const live = channel("live/:id", { events: said, allow });
const latest = channel("latest/:id", {
  events: said,
  allow,
  overflow: { keepLatestBy: ({ payload }) => payload.n },
});

export const channels = [log, board, room, live, latest];

/** Where everybody is present, and some look at who is. */
export const meeting = room({ id: "a" });

/** All that is published on. */
const all = [
  ...["a", "b", "c", "d"].map((id) => log({ id })),
  ...["a", "b"].map((id) => board({ id })),
  ...["a", "b"].map((id) => room({ id })),
  live({ id: "a" }),
  latest({ id: "a" }),
];

/** By their names. */
export const topics: readonly string[] = all.map(({ channel: name }) => name);

/** Can who was away be told what was said there meanwhile? */
export function isKept(topic: string): boolean {
  return !topic.startsWith("live/") && !topic.startsWith("latest/");
}

export const keptTopics: readonly string[] = topics.filter(isKept);

/** What a client publishes, and says again until it is answered. */
export function nameByClient(number: number): string {
  return `client:${number}`;
}

export function isByClient(n: string): boolean {
  return n.startsWith("client:");
}

/** Rejects where it is not known whether it was taken. */
export async function say(app: App, topic: string, n: string): Promise<Acknowledged> {
  const ref = all.find(({ channel: name }) => name === topic);
  if (ref === undefined) throw new Error(`There is no topic ${topic}.`);
  // All of them have the same events.
  const { epoch, offset } = await app.publish(ref as ReturnType<typeof log>, "said", { n });
  return { topic, n, epoch, offset };
}

/** A publish that was taken, and where. */
export interface Acknowledged {
  readonly topic: string;
  /** Tells it from all others. */
  readonly n: string;
  /** Undefined where there is none, and where who published it was not told. */
  readonly epoch?: string | undefined;
  readonly offset?: number | undefined;
}
