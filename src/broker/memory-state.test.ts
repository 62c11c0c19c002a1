import fc from "fast-check";
import { expect, test } from "vitest";
import { RecordingNode } from "../../test/support/recording-node.js";
import type { BrokerLink, HistoryPage, Publication } from "./broker.js";
import { MemoryBroker } from "./memory.js";

const LIMITS = { historyBytes: 3_000, positionTtl: 400_000 };

/** A broker that may be replaced by another, which goes on with its state: in another process, with another clock. */
class World {
  #nowMs = 1_000;
  #clockBeganMs = 0;
  #brokers = 0;
  broker: MemoryBroker = this.#create();
  node = new RecordingNode();
  link: BrokerLink | undefined;

  async connect(): Promise<BrokerLink> {
    this.node = new RecordingNode();
    this.link = await this.broker.connect(this.node);
    return this.link;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** All links are closed, and for so long nobody has it. */
  async replace(agoMs: number, isHandedOn: boolean): Promise<void> {
    await this.link?.close();
    const state = JSON.parse(JSON.stringify(this.broker.state()));
    this.#nowMs += agoMs;
    if (isHandedOn) {
      this.#clockBeganMs = this.#nowMs - 7;
      this.broker = this.#create({ state, agoMs });
    }
    await this.connect();
  }

  #create(left?: ConstructorParameters<typeof MemoryBroker>[0]["left"]): MemoryBroker {
    this.#brokers += 1;
    const name = `broker-${this.#brokers}-of-a-world`;
    const beganMs = this.#clockBeganMs;
    return new MemoryBroker({
      createId: () => name,
      clock: { elapsed: () => this.#nowMs - beganMs },
      limits: LIMITS,
      left,
    });
  }
}

const said = (channel: string, payload: unknown, more: Partial<Publication> = {}): Publication => ({
  channel,
  type: "said",
  payloadJson: JSON.stringify(payload),
  except: undefined,
  ...more,
});

const channels = fc.constantFrom("kept", "kept too", "keyed");
const step = fc.oneof(
  fc.record({
    does: fc.constant("publish" as const),
    channel: channels,
    payload: fc.string({ maxLength: 200 }),
    key: fc.constantFrom(undefined, undefined, "k1", "k2", "k3"),
    subject: fc.constantFrom(
      undefined,
      undefined,
      { name: "s1" },
      { name: "s1", part: "last" as const },
      { name: "s2" },
    ),
    ttlMs: fc.constantFrom(1_000, 100_000),
  }),
  fc.record({ does: fc.constant("read" as const), channel: channels, after: fc.nat({ max: 8 }) }),
  fc.record({ does: fc.constant("listen" as const), channel: channels }),
  fc.record({ does: fc.constant("leave" as const), channel: channels }),
  fc.record({ does: fc.constant("pass" as const), ms: fc.constantFrom(1, 999, 1_000, 150_000, 250_000) }),
  fc.record({ does: fc.constant("replace" as const), agoMs: fc.constantFrom(0, 40, 1_000, 150_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What whoever asks is told, step by step. */
async function run(steps: readonly Step[], isHandedOn: boolean): Promise<unknown[]> {
  const world = new World();
  let link = await world.connect();
  const told: unknown[] = [];
  for (const each of steps) {
    switch (each.does) {
      case "publish": {
        const { channel, payload, key, subject, ttlMs } = each;
        const keep = channel === "keyed" ? undefined : { size: 4, ttlMs, subject };
        told.push(await link.publish(said(channel, payload, { key, keep })));
        break;
      }
      case "read":
        told.push((await link.read(each.channel, { after: each.after, limit: 3 })) satisfies HistoryPage);
        break;
      case "listen":
        told.push(await link.subscribe(each.channel, each.channel !== "keyed"));
        break;
      case "leave":
        await link.unsubscribe(each.channel);
        break;
      case "pass":
        world.pass(each.ms);
        break;
      case "replace":
        await world.replace(each.agoMs, isHandedOn);
        link = world.link ?? link;
        break;
    }
  }
  return [...told, world.node.events];
}

test("whoever goes on with a broker's state answers as that broker would have", async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    expect(await run(steps, true)).toEqual(await run(steps, false));
  });
  await fc.assert(property, { numRuns: 500 });
});

test("an event is kept, and a key known, for what was left of their time, whoever has them meanwhile", async () => {
  const world = new World();
  const first = await world.connect();
  const publish = (key: string) => world.link?.publish(said("c", key, { key, keep: { size: 9, ttlMs: 100_000 } }));
  await first.subscribe("c", true);
  await publish("k1");
  world.pass(40_000);
  await world.replace(20_000, true);
  world.pass(39_999);
  expect(await world.link?.read("c", { after: 0, limit: 9 })).toMatchObject({
    events: [{ offset: 1 }],
    isComplete: true,
  });
  world.pass(1);
  expect(await world.link?.read("c", { after: 0, limit: 9 })).toMatchObject({ events: [], isComplete: false });
  await world.replace(0, true);
  expect(await world.link?.read("c", { after: 0, limit: 9 })).toMatchObject({
    events: [],
    isComplete: false,
    offset: 1,
  });
  world.pass(199_999);
  expect(await publish("k1")).toMatchObject({ offset: 1 });
  world.pass(1);
  expect(await publish("k1")).toMatchObject({ offset: 2 });
});

test("a position is remembered for what was left of its time", async () => {
  const world = new World();
  const link = await world.connect();
  const publish = (channel: string) => world.link?.publish(said(channel, 1, { keep: { size: 9, ttlMs: 1_000 } }));
  const { epoch } = await link.publish(said("old", 1, { keep: { size: 9, ttlMs: 1_000 } }));
  world.pass(300_000);
  await world.replace(99_999, true);
  await publish("other");
  expect((await world.link?.read("old", { limit: 9 }))?.epoch).toBe(epoch);
  world.pass(1);
  await publish("other");
  // Something was forgotten now, which those who come later know.
  const forgotten = (await world.link?.read("old", { limit: 9 }))?.epoch;
  expect(forgotten).not.toBe(epoch);
  await world.replace(0, true);
  expect((await world.link?.read("old", { limit: 9 }))?.epoch).toBe(forgotten);
});

test("what only knew keys begins anew when they are forgotten and nobody listens, as it would have", async () => {
  const world = new World();
  const first = await world.connect();
  const { epoch } = await first.publish(said("keyed", 1, { key: "k1" }));
  await world.replace(0, true);
  expect(await world.link?.subscribe("keyed")).toEqual({ epoch, offset: 1 });
  world.pass(300_000);
  await world.link?.publish(said("keyed", 2));
  await world.link?.unsubscribe("keyed");
  expect((await world.link?.subscribe("keyed"))?.epoch).not.toBe(epoch);
});

test("what has ended is ended at the next too", async () => {
  const world = new World();
  const first = await world.connect();
  const about = (part?: "last") =>
    said("c", part ?? "more", { keep: { size: 9, ttlMs: 1_000, subject: { name: "s", part } } });
  const end = await first.publish(about("last"));
  await world.replace(0, true);
  expect(await world.link?.publish(about())).toEqual(end);
});

test("what was revoked is told to whoever connects to the next", async () => {
  const world = new World();
  const link = await world.connect();
  const revocation = { user: "eve", revokedAtMs: 5, untilMs: 9_000 };
  await link.revoke(revocation, 10);
  await world.replace(40, true);
  expect(world.node.revocations).toEqual([revocation]);
});

test("what too much is kept of is forgotten by the next as by the one before: the longest unused", async () => {
  const world = new World();
  const link = await world.connect();
  const publish = (channel: string) => link.publish(said(channel, "x", { keep: { size: 9, ttlMs: 100_000 } }));
  const [a, b] = [await publish("a"), await publish("b")];
  world.pass(1);
  await publish("c");
  world.pass(1);
  await publish("a");
  await world.replace(0, true);
  const say = said("d", "x".repeat(400), { keep: { size: 9, ttlMs: 100_000 } });
  await world.link?.publish(say);
  const epochOf = async (channel: string) => (await world.link?.read(channel, { limit: 9 }))?.epoch;
  expect(await epochOf("b")).not.toBe(b.epoch);
  expect(await epochOf("a")).toBe(a.epoch);
});
