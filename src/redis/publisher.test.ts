import { ErrorReply } from "redis";
import { expect, test } from "vitest";
import type { Publication } from "../broker/broker.js";
import type { Line } from "./line.js";
import { Names } from "./names.js";
import { Publisher, type PublisherOptions } from "./publisher.js";
import { type Servers, unavailable } from "./servers.js";
import type { Settings } from "./settings.js";

const settings: Settings = {
  names: new Names("tidings", 0),
  process: "p",
  leaseMs: 60_000,
  compareMs: 25_000,
  positionTtlMs: 60_000,
  liveTtlMs: 60_000,
  freshEpoch: () => "fresh",
  onError: () => {},
};

/** Redis as a publisher sees it: a test says what it does with each event, which it takes otherwise. */
function openPublisher(options: Partial<PublisherOptions> = {}) {
  const said: string[] = [];
  const world = {
    said,
    replicas: 0,
    answer: undefined as ((text: string) => Promise<void>) | undefined,
    missing: undefined as { readonly reason: unknown } | undefined,
  };
  const line = { hasEnded: false, replicated: async () => world.replicas } as unknown as Line; // no more is used
  const servers = {
    isSharded: false,
    get missing() {
      return world.missing;
    },
    runAt: async (_: unknown, __: unknown, [, , , event]: readonly (string | number)[]) => {
      const text = String(event).split("\n")[1] ?? "";
      await world.answer?.(text);
      said.push(text);
      return { answer: ["e", said.length], line };
    },
  } as unknown as Servers; // no more is used
  const publisher = new Publisher({
    servers,
    settings,
    queueSize: 3,
    replicas: 0,
    replicationMs: 1_000,
    ...options,
  });
  return { ...world, world, publisher };
}

const event = (text: string, key?: string): Publication => ({
  channel: "room",
  type: "said",
  payloadJson: text,
  except: undefined,
  key,
});

const refused = (words: string) => () => Promise.reject(unavailable(new ErrorReply(words), "not-done"));
/** What was refused waits by then. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const lost = () => Promise.reject(unavailable(new Error("The line ended.")));

test("what was refused waits, what comes later waits behind it, and each is said once when it can be", async () => {
  const { publisher, world, said } = openPublisher();
  world.answer = refused("MISCONF no");
  const all = ["a", "b"].map((text) => publisher.publish(event(text)));
  await turn();
  await publisher.sayWaiting();
  expect(said).toEqual([]);
  world.answer = undefined;
  all.push(publisher.publish(event("c")));
  await publisher.sayWaiting();
  expect((await Promise.all(all)).map(({ offset }) => offset)).toEqual([1, 2, 3]);
  expect(said).toEqual(["a", "b", "c"]);
  // Nobody waits any more, so what comes now need not.
  expect(await publisher.publish(event("d"))).toEqual({ epoch: "e", offset: 4 });
});

test("one of those that wait and is refused for good does not keep the others waiting", async () => {
  const { publisher, world, said } = openPublisher();
  world.answer = refused("CLUSTERDOWN no");
  const [bad, good] = [publisher.publish(event("bad")), publisher.publish(event("good"))];
  await turn();
  await publisher.sayWaiting();
  world.answer = async (text) => {
    if (text === "bad") throw unavailable(new ErrorReply("WRONGTYPE no"));
  };
  const rejected = expect(bad).rejects.toMatchObject({ cause: { message: "WRONGTYPE no" } });
  await publisher.sayWaiting();
  await rejected;
  expect(await good).toEqual({ epoch: "e", offset: 1 });
  expect(said).toEqual(["good"]);
});

test("what may have been done waits where it has a key, and is rejected where it has none", async () => {
  const { publisher, world, said } = openPublisher();
  world.answer = lost;
  await expect(publisher.publish(event("a"))).rejects.toMatchObject({ code: "unavailable" });
  const waiting = publisher.publish(event("b", "k"));
  await turn();
  await publisher.sayWaiting();
  world.answer = undefined;
  await publisher.sayWaiting();
  await waiting;
  expect(said).toEqual(["b"]);
});

test("while a server is missing nothing that waits is tried", async () => {
  const { publisher, world, said } = openPublisher();
  world.answer = refused("CLUSTERDOWN no");
  const waiting = publisher.publish(event("a"));
  await turn();
  await publisher.sayWaiting();
  world.answer = undefined;
  world.missing = { reason: new Error("It is away.") };
  await publisher.sayWaiting();
  expect(said).toEqual([]);
  world.missing = undefined;
  await publisher.sayWaiting();
  await waiting;
  expect(said).toEqual(["a"]);
});

test("what too few replicas have was taken all the same: it is rejected, with a key too, and not said again", async () => {
  const { publisher, world, said } = openPublisher({ replicas: 1 });
  for (const key of [undefined, "k"]) {
    await expect(publisher.publish(event("a", key))).rejects.toMatchObject({
      code: "unavailable",
      cause: { message: "0 of 1 replicas have it." },
    });
  }
  await publisher.sayWaiting();
  expect(said).toEqual(["a", "a"]);
  world.replicas = 1;
  expect(await publisher.publish(event("b"))).toEqual({ epoch: "e", offset: 3 });
});

test("so many wait, and one more is rejected with what Redis said", async () => {
  const { publisher, world } = openPublisher({ queueSize: 2 });
  world.answer = refused("MISCONF no");
  const waiting = ["a", "b"].map((text) => publisher.publish(event(text)));
  await turn();
  await publisher.sayWaiting();
  await expect(publisher.publish(event("c"))).rejects.toMatchObject({ code: "unavailable" });
  world.answer = undefined;
  await publisher.sayWaiting();
  await Promise.all(waiting);
});

test("without a queue what is refused is rejected at once", async () => {
  const { publisher, world } = openPublisher({ queueSize: undefined });
  world.answer = refused("MISCONF no");
  await expect(publisher.publish(event("a", "k"))).rejects.toMatchObject({ cause: { message: "MISCONF no" } });
});

test("what waits is rejected at the close, and so is what would wait after it", async () => {
  const { publisher, world } = openPublisher();
  world.answer = refused("MISCONF no");
  const closed = { code: "unavailable", cause: { message: "The broker was closed." } };
  const waiting = expect(publisher.publish(event("a"))).rejects.toMatchObject(closed);
  await turn();
  await publisher.sayWaiting();
  publisher.close();
  await waiting;
  await expect(publisher.publish(event("b"))).rejects.toMatchObject(closed);
});

test("what was on its way longest stands in front, though it is found last that it was not done", async () => {
  const { publisher, world, said } = openPublisher();
  const ends = new Map<string, (error: unknown) => void>();
  world.answer = (text) => new Promise((_, reject) => ends.set(text, reject));
  const all = ["a", "b"].map((text) => publisher.publish(event(text)));
  for (const text of ["b", "a"]) ends.get(text)?.(unavailable(new Error("It was not sent."), "not-done"));
  await turn();
  world.answer = undefined;
  all.push(publisher.publish(event("c")));
  await publisher.sayWaiting();
  await Promise.all(all);
  expect(said).toEqual(["a", "b", "c"]);
});
