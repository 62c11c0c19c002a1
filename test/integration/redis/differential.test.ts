import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { BrokerLink, Position, Publication, Subject } from "../../../src/broker/broker.js";
import { MemoryBroker } from "../../../src/broker/memory.js";
import { redis } from "../../../src/redis/index.js";
import { FakeClock } from "../../../src/testing/fake-clock.js";
import { connectProcesses, type Process } from "../../conformance/broker.js";
import { startRedis } from "../../support/redis/redis-server.js";

type Kind = "kept" | "live" | "tasks";

type Step =
  | {
      readonly does: "publish";
      readonly by: number;
      readonly kind: Kind;
      readonly key: string | undefined;
      readonly subject: Subject;
    }
  | {
      readonly does: "read";
      readonly by: number;
      readonly kind: Kind;
      readonly after: number | undefined;
      readonly before: number | undefined;
      readonly limit: number;
    }
  | { readonly does: "subscribe" | "unsubscribe"; readonly by: number; readonly kind: Kind }
  | { readonly does: "attend" | "withdraw"; readonly by: number; readonly kind: Kind; readonly member: string }
  | { readonly does: "members"; readonly by: number; readonly kind: Kind; readonly limit: number }
  | { readonly does: "reserve"; readonly by: number; readonly user: string; readonly limit: number }
  | { readonly does: "arrive" | "depart"; readonly which: number }
  | { readonly does: "count"; readonly by: number; readonly user: string };

const by = fc.nat(1);
const kind = fc.constantFrom<Kind>("kept", "live", "tasks", "tasks");
/** All meet on one channel, or they would hardly ever meet. */
const hall = fc.constant<Kind>("live");
const name = fc.constantFrom("ana", "bob", "eve");
const someOffset = fc.option(fc.nat(12), { nil: undefined });
const subject = fc.record({
  name: fc.constantFrom("t1", "t2", "t3", "t4", "t5"),
  part: fc.constantFrom(undefined, undefined, "first" as const, "last" as const),
});
const key = fc.constantFrom(undefined, undefined, undefined, "k1", "k2", "k3");
const limit = fc.integer({ min: 1, max: 6 });
const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ does: fc.constant("publish"), by, kind, key, subject }) },
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant("read"), by, kind, after: someOffset, before: someOffset, limit }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("subscribe", "unsubscribe"), by, kind }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constantFrom("attend", "withdraw"), by, kind: hall, member: name }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant("members"), by, kind: hall, limit: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("reserve"), by, user: name, limit: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom("arrive", "depart"), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("count"), by, user: name }) },
);

const kinds: readonly Kind[] = ["kept", "live", "tasks"];

/** The same steps at one broker, in names that no run before has used. */
class Run {
  readonly #all: readonly Process[];
  readonly #name: string;
  readonly #size: number;
  /** Epochs as they are met: each broker has its own, which stand for the same lives. */
  readonly #epochs: string[] = [];
  /** Connections that were asked for: no two have one id. */
  #reserved = 0;
  readonly #connections: { readonly link: BrokerLink; readonly user: string; readonly id: string }[] = [];
  readonly #heard = new Set<string>();
  readonly #firsts: readonly { readonly events: number; readonly changes: number }[];
  #said = 0;

  constructor(all: readonly Process[], name: string, size: number) {
    this.#all = all;
    this.#name = name;
    this.#size = size;
    this.#firsts = all.map(({ node }) => ({ events: node.events.length, changes: node.changes.length }));
  }

  /** A third process hears everything, so that no stream is over while it runs. */
  async begin(): Promise<unknown> {
    const places = kinds.map((each) => this.#subscribe(this.#all.length - 1, each));
    return Promise.all(places);
  }

  async take(step: Step): Promise<unknown> {
    switch (step.does) {
      case "publish":
        return this.#placeOf(step.kind, await this.#link(step.by).publish(this.#publication(step)));
      case "read": {
        const { kind, after, before, limit } = step;
        const page = await this.#link(step.by).read(this.#channel(kind), { after, before, limit });
        return { ...page, ...this.#placeOf(kind, page) };
      }
      case "subscribe":
        return this.#subscribe(step.by, step.kind);
      case "unsubscribe":
        return this.#unsubscribe(step.by, step.kind);
      case "attend":
        return this.#link(step.by).attend(this.#channel(step.kind), { id: step.member, faceJson: `{"by":${step.by}}` });
      case "withdraw":
        return this.#link(step.by).withdraw(this.#channel(step.kind), step.member);
      case "members":
        return this.#link(step.by).members(this.#channel(step.kind), step.limit);
      case "reserve":
        return this.#reserve(step.by, this.#user(step.user), step.limit);
      case "arrive":
      case "depart":
        return this.#goOn(step.does, step.which);
      case "count":
        return [await this.#link(step.by).isConnected(this.#user(step.user)), await this.#link(step.by).countUsers()];
    }
  }

  /** What each process was told, when all of it has come. Nothing is left behind. */
  async end(): Promise<unknown> {
    for (const { link, user, id } of this.#connections.splice(0)) await link.depart(user, id);
    for (const { link } of this.#all) {
      for (const each of kinds) {
        for (const member of ["ana", "bob", "eve"]) await link.withdraw(this.#channel(each), member);
      }
    }
    for (const who of this.#all.keys()) {
      for (const each of kinds) await this.#unsubscribe(who, each);
    }
    return this.#all.map(({ node }, who) => ({
      events: node.events.slice(this.#firsts[who]?.events).map((event) => {
        const { channel, type, payloadJson, except, latestOf, follows } = event;
        const place = this.#placeOf(channel.slice(channel.indexOf("/") + 1), event);
        return { channel, type, payloadJson, except, latestOf, follows, ...place };
      }),
      changes: node.changes.slice(this.#firsts[who]?.changes),
      skips: node.skips,
      readAnew: node.readAnew,
      failures: node.failures,
    }));
  }

  #link(who: number): BrokerLink {
    return (this.#all[who] as Process).link; // there are three
  }

  #channel(kind: string): string {
    return `${this.#name}/${kind}`;
  }

  #user(name: string): string {
    return `${this.#name}-${name}`;
  }

  #publication({ kind, key, subject }: Step & { does: "publish" }): Publication {
    this.#said += 1;
    const keep = { size: this.#size, ttlMs: 60_000, ...(kind === "tasks" && { subject }) };
    return {
      channel: this.#channel(kind),
      type: `t${this.#said % 2}`,
      payloadJson: `{"n":${this.#said}}`,
      except: this.#said % 3 === 0 ? "c1" : undefined,
      latestOf: this.#said % 4 === 0 ? "BTC" : undefined,
      ...(kind !== "live" && { keep }),
      key,
    };
  }

  async #subscribe(who: number, kind: Kind): Promise<unknown> {
    if (this.#heard.has(`${who} ${kind}`)) return "heard already";
    this.#heard.add(`${who} ${kind}`);
    return this.#placeOf(kind, await this.#link(who).subscribe(this.#channel(kind), kind !== "live"));
  }

  async #unsubscribe(who: number, kind: Kind): Promise<unknown> {
    if (!this.#heard.delete(`${who} ${kind}`)) return "not heard";
    // Whoever reads was told before of all that is there.
    await this.#link(who).read(this.#channel(kind), { limit: 1 });
    return this.#link(who).unsubscribe(this.#channel(kind));
  }

  async #reserve(who: number, user: string, limit: number): Promise<boolean> {
    this.#reserved += 1;
    const [link, id] = [this.#link(who), `${this.#name}-${this.#reserved}`];
    const isReserved = await link.reserve(user, id, limit);
    if (isReserved) this.#connections.push({ link, user, id });
    return isReserved;
  }

  async #goOn(how: "arrive" | "depart", which: number): Promise<unknown> {
    const index = which % Math.max(this.#connections.length, 1);
    const connection = this.#connections[index];
    if (connection === undefined) return "nobody";
    if (how === "depart") this.#connections.splice(index, 1);
    return connection.link[how](connection.user, connection.id);
  }

  #placeOf(kind: string, { epoch, offset }: Position): { readonly epoch: number; readonly offset: number } {
    const life = `${kind} ${epoch}`;
    if (!this.#epochs.includes(life)) this.#epochs.push(life);
    return { epoch: this.#epochs.indexOf(life), offset };
  }
}

test("whatever is asked of it, Redis answers and tells the same as the memory broker", {
  timeout: 60_000,
}, async () => {
  await using server = await startRedis();
  await using inRedis = await connectProcesses(() => redis({ url: server.url }), 3);
  const createMemory = () => new MemoryBroker({ createId: () => "memory", clock: new FakeClock() });
  await using inMemory = await connectProcesses(createMemory, 3);
  const steps = fc.array(arbitraryStep, { minLength: 10, maxLength: 40, size: "max" });
  let runs = 0;
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 5 }), steps, async (size, taken) => {
    runs += 1;
    const [run, asInMemory] = [new Run(inRedis.all, `run${runs}`, size), new Run(inMemory.all, `run${runs}`, size)];
    expect(await run.begin()).toEqual(await asInMemory.begin());
    try {
      for (const step of taken) {
        const answer = await run.take(step);
        expect(answer, JSON.stringify(step)).toEqual(await asInMemory.take(step));
      }
    } catch (error) {
      // The next run is to find nothing of this one.
      await Promise.all([run.end(), asInMemory.end()]);
      throw error;
    }
    const told = await run.end();
    expect(told).toEqual(await asInMemory.end());
  });
  await fc.assert(property, { numRuns: 200 });
});
