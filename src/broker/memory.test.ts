import { expect, test } from "vitest";
import { publicationOf } from "../../test/conformance/broker.js";
import { RecordingNode } from "../../test/support/recording-node.js";
import type { Eventually } from "../base/eventually.js";
import { FakeClock } from "../testing/fake-clock.js";
import type { Position, PresentMember } from "./broker.js";
import { MemoryBroker } from "./memory.js";

let brokers = 0;

const member = (id: string): PresentMember => ({ id, faceJson: JSON.stringify({ name: id }) });

/** A broker and two processes. */
async function connectTwo() {
  brokers += 1;
  const broker = new MemoryBroker({ createId: () => `broker-${brokers}-of-these-tests`, clock: new FakeClock() });
  const [ana, bob] = [new RecordingNode(), new RecordingNode()];
  return { ana, bob, anasLink: await broker.connect(ana), bobsLink: await broker.connect(bob) };
}

test("what is asked for is done when the call returns, and not only when its promise resolves", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  const promises: Promise<unknown>[] = [];
  anasLink.subscribe("chat/a");
  bobsLink.subscribe("chat/a");
  promises.push(anasLink.publish(publicationOf("chat/a", 1)));
  expect([ana.heard("chat/a"), bob.heard("chat/a")]).toEqual([[1], [1]]);
  promises.push(bobsLink.unsubscribe("chat/a"));
  promises.push(anasLink.publish(publicationOf("chat/a", 2)));
  expect([ana.heard("chat/a"), bob.heard("chat/a")]).toEqual([[1, 2], [1]]);
  promises.push(bobsLink.disconnectUser("eve", 1008, "forbidden"));
  expect([ana.disconnects.length, bob.disconnects.length]).toEqual([1, 1]);
  promises.push(anasLink.close());
  promises.push(bobsLink.publish(publicationOf("chat/a", 3)));
  expect(ana.heard("chat/a")).toEqual([1, 2]);
  await Promise.all(promises);
});

test("who is connected, and how many, is what it was at the call", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  const told: unknown[] = [];
  const ask = () => told.push(bobsLink.isConnected("eve"), anasLink.countUsers());
  ask();
  void anasLink.arrive("eve", "1");
  ask();
  void anasLink.depart("eve", "1");
  ask();
  expect(await Promise.all(told)).toEqual([false, 0, true, 1, false, 0]);
});

test("a channel that keeps nothing and that everybody left begins a new epoch, at its first offset", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  const first = await anasLink.subscribe("chat/a");
  await bobsLink.subscribe("chat/a");
  await anasLink.publish(publicationOf("chat/a", "hi"));
  await anasLink.unsubscribe("chat/a");
  expect(await anasLink.subscribe("chat/a")).toEqual({ epoch: first.epoch, offset: 1 });
  await anasLink.unsubscribe("chat/a");
  await bobsLink.unsubscribe("chat/a");
  const next = await anasLink.subscribe("chat/a");
  expect(next.offset).toBe(0);
  expect(next.epoch).not.toBe(first.epoch);
});

test("where nothing was said, who comes back finds the place they left, until something is forgotten", async () => {
  const { publish, link } = await connectSmall({ historyBytes: 3_000 });
  const quiet = await link.subscribe("quiet", true);
  await link.unsubscribe("quiet");
  await publish("other", "x".repeat(500));
  expect(await link.subscribe("quiet", true)).toEqual(quiet);
  await link.unsubscribe("quiet");
  expect(await publish("quiet")).toEqual({ epoch: quiet.epoch, offset: 1 });
  // Its first event is forgotten, and so may have been that of any other that begins from now on.
  await publish("other", "x".repeat(1_000));
  expect((await link.read("quiet", { limit: 9 })).epoch).not.toBe(quiet.epoch);
  expect((await link.subscribe("another", true)).epoch).not.toBe(quiet.epoch);
});

test("10,000 channels that were joined and left leave nothing: each begins anew", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  const epochs = new Set<string>();
  for (const _ of ["first", "second"]) {
    for (let number = 0; number < 10_000; number += 1) {
      const { epoch, offset } = await anasLink.subscribe(`chat/${number}`);
      expect(offset).toBe(0);
      epochs.add(epoch);
      await bobsLink.publish(publicationOf(`chat/${number}`, number));
      await anasLink.unsubscribe(`chat/${number}`);
    }
  }
  expect(epochs.size).toBe(20_000);
  expect(Math.max(...[...epochs].map((epoch) => epoch.length))).toBeLessThanOrEqual(32);
});

test("a link that closes leaves nothing on the channels that it alone was on", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  await anasLink.subscribe("chat/a");
  await anasLink.publish(publicationOf("chat/a", "hi"));
  await anasLink.close();
  expect((await bobsLink.subscribe("chat/a")).offset).toBe(0);
});

test("another broker, or one after a restart, gives other epochs", async () => {
  const epochs = new Set<string>();
  for (const _ of ["before", "after"]) epochs.add((await (await connectTwo()).anasLink.subscribe("chat/a")).epoch);
  expect(epochs.size).toBe(2);
});

test("what is published while an event is told is told after it, to everyone", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  await anasLink.subscribe("chat/a");
  await bobsLink.subscribe("chat/a");
  ana.onEvent = ({ offset }) => {
    if (offset === 1) void anasLink.publish(publicationOf("chat/a", "second"));
  };
  await bobsLink.publish(publicationOf("chat/a", "first"));
  expect(ana.heard("chat/a")).toEqual(["first", "second"]);
  expect(bob.heard("chat/a")).toEqual(["first", "second"]);
});

test("who leaves while an event is told takes it from nobody", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  await anasLink.subscribe("chat/a");
  await bobsLink.subscribe("chat/a");
  ana.onEvent = () => void anasLink.unsubscribe("chat/a");
  await bobsLink.publish(publicationOf("chat/a", "one"));
  await bobsLink.publish(publicationOf("chat/a", "two"));
  expect(ana.heard("chat/a")).toEqual(["one"]);
  expect(bob.heard("chat/a")).toEqual(["one", "two"]);
});

test("who comes while events wait to be told hears those after its position, and no others", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  await anasLink.subscribe("chat/a");
  let position: Eventually<Position> | undefined;
  ana.onEvent = ({ offset }) => {
    if (offset !== 1) return;
    void anasLink.publish(publicationOf("chat/a", "second"));
    position = bobsLink.subscribe("chat/a");
  };
  await anasLink.publish(publicationOf("chat/a", "first"));
  await anasLink.publish(publicationOf("chat/a", "third"));
  const begins = Number((await position)?.offset);
  expect(ana.events.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  expect(bob.events.map(({ offset }) => offset)).toEqual([1, 2, 3].filter((offset) => offset > begins));
});

test("who left while events waited to be told, and came back, hears nothing of another epoch", async () => {
  const { ana, anasLink } = await connectTwo();
  await anasLink.subscribe("chat/a");
  let position: Eventually<Position> | undefined;
  ana.onEvent = ({ offset }) => {
    if (offset !== 1 || position !== undefined) return;
    void anasLink.publish(publicationOf("chat/a", "second"));
    void anasLink.unsubscribe("chat/a");
    position = anasLink.subscribe("chat/a");
  };
  await anasLink.publish(publicationOf("chat/a", "first"));
  await anasLink.publish(publicationOf("chat/a", "third"));
  const { epoch } = (await position) ?? {};
  expect(ana.events.slice(1)).toEqual([expect.objectContaining({ epoch, offset: 1, payloadJson: '"third"' })]);
});

test("reserving, arriving and leaving count at the call, and not only when the promise resolves", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  const told: unknown[] = [];
  told.push(anasLink.reserve("eve", "1", 1));
  told.push(bobsLink.reserve("eve", "2", 1), bobsLink.isConnected("eve"), bobsLink.countUsers());
  void anasLink.arrive("eve", "1");
  told.push(bobsLink.reserve("eve", "2", 1), bobsLink.isConnected("eve"), bobsLink.countUsers());
  void anasLink.depart("eve", "1");
  told.push(bobsLink.reserve("eve", "2", 1), bobsLink.isConnected("eve"));
  expect(await Promise.all(told)).toEqual([true, false, false, 0, false, true, 1, true, false]);
});

test("what is revoked is told at the call, and a window counts at the call", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  const revocation = { user: "eve", revokedAtMs: 5, untilMs: undefined };
  const revoking = anasLink.revoke(revocation, 10);
  expect([ana.revocations, bob.revocations]).toEqual([[revocation], [revocation]]);
  const limit = { count: 2, windowMs: 1_000 };
  const counted = [anasLink, bobsLink, anasLink].map((link) => link.countInWindow("eve", "say", limit, 100));
  expect(counted).toEqual([0, 0, 1_000]);
  await revoking;
});

test("connections are those that each process says it has, when it is asked", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  ana.connectionCount = 2;
  bob.connectionCount = 3;
  expect(await anasLink.countConnections()).toBe(5);
  ana.connectionCount = 1;
  expect(await bobsLink.countConnections()).toBe(4);
  await bobsLink.close();
  expect(await anasLink.countConnections()).toBe(1);
});

test("a user who has gone leaves nothing: neither a reservation nor a count", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  for (let number = 0; number < 1_000; number += 1) {
    const connection = `c${number}`;
    expect(await anasLink.reserve("eve", connection, 1)).toBe(true);
    if (number % 2 === 0) await anasLink.arrive("eve", connection);
    expect(await bobsLink.reserve("eve", "other", 1)).toBe(false);
    await anasLink.depart("eve", connection);
  }
  expect(await bobsLink.reserve("eve", "other", 1)).toBe(true);
  expect(await bobsLink.countUsers()).toBe(0);
});

/** One process on a broker that may keep so much, and a clock that is moved by hand. */
async function connectSmall(limits: { historyBytes?: number; positionTtl?: number }) {
  const clock = new FakeClock();
  let ids = 0;
  const createId = () => `small-${(ids += 1)}`;
  const broker = new MemoryBroker({
    createId,
    clock,
    limits: { historyBytes: 10_000, positionTtl: 60_000, ...limits },
  });
  const node = new RecordingNode();
  const link = await broker.connect(node);
  const keep = { size: 100, ttlMs: 3_600_000 };
  const publish = (channel: string, text = "x") => link.publish({ ...publicationOf(channel, text), keep });
  return { clock, node, link, publish };
}

test("where too much is kept, the longest unused stream is forgotten, and begins a new epoch", async () => {
  const { publish, link } = await connectSmall({ historyBytes: 6_000 });
  const first = await publish("old", "x".repeat(1_000));
  const second = await publish("young", "x".repeat(1_000));
  await publish("young", "x".repeat(1_000));
  expect(await link.read("old", { limit: 9 })).toMatchObject({ events: [], offset: 0 });
  expect((await link.read("young", { limit: 9 })).events).toHaveLength(2);
  expect(await publish("old")).toMatchObject({ offset: 1, epoch: expect.not.stringMatching(first.epoch) });
  expect((await publish("young")).epoch).toBe(second.epoch);
});

test("names alone can't fill the memory: streams of many channels with little in them are forgotten too", async () => {
  const { publish, link } = await connectSmall({ historyBytes: 10_000 });
  for (let n = 0; n < 1_000; n += 1) await publish(`room/${n}`);
  const kept = await Promise.all(
    Array.from({ length: 1_000 }, async (_, n) => (await link.read(`room/${n}`, { limit: 9 })).events.length),
  );
  expect(kept.filter((count) => count > 0).length).toBeLessThan(20);
  expect(kept.at(-1)).toBe(1);
});

test("who listens to a stream that is forgotten is told so at once, and hears the next event in another epoch", async () => {
  const { publish, link, node } = await connectSmall({ historyBytes: 3_000 });
  const { epoch } = await link.subscribe("a");
  await publish("a", "x".repeat(500));
  expect(node.skips).toEqual([]);
  await publish("b", "x".repeat(1_000));
  const [skip, ...others] = node.skips;
  expect(skip).toMatchObject({ channel: "a", offset: 0, epoch: expect.not.stringMatching(epoch) });
  expect(others).toEqual([]);
  expect(await link.read("a", { limit: 9 })).toMatchObject({ epoch: skip?.epoch, offset: 0, events: [] });
  await publish("a", "again");
  const [first, second] = node.events;
  expect(first).toMatchObject({ epoch, offset: 1 });
  expect(second).toMatchObject({ epoch: expect.not.stringMatching(epoch), offset: 1, payloadJson: '"again"' });
});

test("the position of a stream that nobody uses is remembered for `positionTtl`", async () => {
  const { publish, clock, link } = await connectSmall({ positionTtl: 60_000 });
  const { epoch } = await publish("a");
  await clock.advance("59s");
  await publish("b");
  expect(await link.read("a", { limit: 9 })).toMatchObject({ epoch, offset: 1 });
  await clock.advance("1s");
  await publish("b");
  expect(await link.read("a", { limit: 9 })).toMatchObject({ epoch: expect.not.stringMatching(epoch), offset: 0 });
});

test("a stream that somebody listens to is not forgotten for its age", async () => {
  const { publish, clock, link, node } = await connectSmall({ positionTtl: 60_000 });
  const { epoch } = await link.subscribe("a");
  await publish("a");
  for (let minutes = 0; minutes < 3; minutes += 1) {
    await clock.advance("61s");
    await publish("b");
  }
  expect(node.skips).toEqual([]);
  expect(await link.read("a", { limit: 9 })).toMatchObject({ epoch, offset: 1 });
  await link.unsubscribe("a");
  await clock.advance("60s");
  await publish("b");
  expect(await link.read("a", { limit: 9 })).toMatchObject({ epoch: expect.not.stringMatching(epoch) });
});

test("what was left with nothing to remember takes no listener from the one that began after it", async () => {
  const { publish, clock, link, node } = await connectSmall({ positionTtl: 600_000 });
  await link.subscribe("a");
  await link.publish({ ...publicationOf("a", "one"), key: "k" });
  await clock.advance("301s");
  await link.read("a", { limit: 9 });
  await link.unsubscribe("a");
  await link.subscribe("a");
  await clock.advance("601s");
  await publish("b");
  await link.publish(publicationOf("a", "two"));
  expect(node.heard("a")).toEqual(["one", "two"]);
});

test("what is published while an event is told goes by what was there when it was published", async () => {
  const { node, link } = await connectSmall({});
  await link.subscribe("a");
  node.onEvent = ({ channel, payloadJson }) => {
    if (channel !== "a" || payloadJson !== '"one"') return;
    void link.publish(publicationOf("b", "before anybody listened"));
    void link.subscribe("b");
    void link.publish(publicationOf("b", "after"));
  };
  await link.publish(publicationOf("a", "one"));
  expect(node.heard("b")).toEqual(["after"]);
});

test("what is asked of a channel is given at once, and not in a promise", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  const position = anasLink.subscribe("chat/a");
  expect(position).toEqual({ epoch: expect.any(String), offset: 0 });
  void bobsLink.attend("chat/a", member("ana"));
  expect(anasLink.members("chat/a", 10)).toEqual({ members: [member("ana")], count: 1 });
  void bobsLink.publish({ ...publicationOf("chat/a", "hi"), keep: { size: 1, ttlMs: 1_000 } });
  expect(anasLink.read("chat/a", { after: 0, limit: 10 })).toEqual({
    ...position,
    offset: 1,
    events: [{ offset: 1, type: "said", payloadJson: '"hi"' }],
    isComplete: true,
  });
});

test("who comes and goes is told at the call", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  for (const link of [anasLink, bobsLink]) await link.subscribe("chat/a");
  void anasLink.attend("chat/a", member("ana"));
  expect([ana.met("chat/a"), bob.met("chat/a")]).toEqual([["+ana"], ["+ana"]]);
  void anasLink.withdraw("chat/a", "ana");
  void bobsLink.attend("chat/a", member("bob"));
  void bobsLink.close();
  expect(ana.met("chat/a")).toEqual(["+ana", "-ana", "+bob", "-bob"]);
  expect(bob.met("chat/a")).toEqual(["+ana", "-ana", "+bob"]);
});

test("who comes or goes while somebody else is told of is told after it, to everyone", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  for (const link of [anasLink, bobsLink]) await link.subscribe("chat/a");
  ana.onChange = ({ joined: [joined] }) => {
    if (joined?.id !== "ana") return;
    void anasLink.attend("chat/a", member("cleo"));
    void anasLink.withdraw("chat/a", "ana");
    void anasLink.attend("chat/a", member("ana"));
    ana.onChange = undefined;
  };
  await bobsLink.attend("chat/a", member("bob"));
  await anasLink.attend("chat/a", member("ana"));
  for (const node of [ana, bob]) expect(node.met("chat/a")).toEqual(["+bob", "+ana", "+cleo", "-ana", "+ana"]);
});

test("events and those present have one order, though one is told while the other is", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  const told: [string, string][] = [];
  for (const [name, node, link] of [["ana", ana, anasLink] as const, ["bob", bob, bobsLink] as const]) {
    await link.subscribe("chat/a");
    node.onEvent = ({ payloadJson }) => void told.push([name, payloadJson]);
    node.onChange = ({ joined: [joined] }) => {
      told.push([name, String(joined?.id)]);
      if (name === "ana" && joined?.id === "one") void link.publish(publicationOf("chat/a", 2));
      if (name === "ana" && joined?.id === "one") void link.attend("chat/a", member("three"));
    };
  }
  await bobsLink.attend("chat/a", member("one"));
  for (const who of ["ana", "bob"]) {
    expect(told.filter(([name]) => name === who).map(([, what]) => what)).toEqual(["one", "2", "three"]);
  }
});

test("who comes while a change waits to be told is told of those after it, and asks for who was there", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  await anasLink.subscribe("chat/a");
  ana.onEvent = () => {
    void anasLink.attend("chat/a", member("before"));
    bobsLink.subscribe("chat/a");
    void anasLink.attend("chat/a", member("after"));
  };
  await anasLink.publish(publicationOf("chat/a", "now"));
  expect(ana.met("chat/a")).toEqual(["+before", "+after"]);
  expect(bob.met("chat/a")).toEqual(["+after"]);
});

test("history that is read while an event is told ends with what its reader was told", async () => {
  const { ana, bob, anasLink, bobsLink } = await connectTwo();
  const keep = { size: 10, ttlMs: 60_000 };
  const seen: unknown[] = [];
  const look = async (link: typeof anasLink, after?: number) => {
    const { offset, events, isComplete } = await link.read("chat/a", { after, limit: 10 });
    seen.push([offset, events.map((event) => event.offset), isComplete]);
  };
  for (const link of [anasLink, bobsLink]) await link.subscribe("chat/a");
  ana.onEvent = ({ offset }) => {
    if (offset !== 1) return;
    void anasLink.publish({ ...publicationOf("chat/a", "second"), keep });
    // Ana hears the first at this moment, Bob afterwards.
    void look(anasLink);
    void look(bobsLink, 0);
  };
  bob.onEvent = ({ offset }) => void (offset === 1 && look(bobsLink));
  await bobsLink.publish({ ...publicationOf("chat/a", "first"), keep });
  await look(bobsLink);
  expect(seen).toEqual([
    [1, [1], true],
    [0, [], true],
    [1, [1], true],
    [2, [1, 2], true],
  ]);
});

test("who is present changes nothing of a channel's stream, and does not keep it", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  const { epoch } = await anasLink.subscribe("chat/a");
  await anasLink.attend("chat/a", member("ana"));
  expect(await bobsLink.subscribe("chat/a")).toEqual({ epoch, offset: 0 });
  for (const link of [anasLink, bobsLink]) await link.unsubscribe("chat/a");
  expect((await bobsLink.members("chat/a", 10)).count).toBe(1);
  await anasLink.attend("chat/b", member("ana"));
  const lost = [1, 2].map(() => anasLink.publish(publicationOf("chat/b", "to nobody")));
  expect((await Promise.all(lost)).map(({ offset }) => offset)).toEqual([1, 1]);
});

test("what a closed link says of who is present is not heard: nobody could take it back", async () => {
  const { anasLink, bobsLink } = await connectTwo();
  await anasLink.close();
  await anasLink.attend("chat/a", member("ana"));
  expect((await bobsLink.members("chat/a", 10)).count).toBe(0);
});

test("keys that are over take up nothing of `historyBytes`", async () => {
  const { publish, link, clock } = await connectSmall({ historyBytes: 20_000, positionTtl: 864_000_000 });
  const quiet = await publish("quiet");
  const keep = { size: 10, ttlMs: 3_600_000 };
  for (let n = 0; n < 100; n += 1) {
    await clock.advance("301s");
    await link.publish({ ...publicationOf("busy", n), keep, key: `k${n}` });
  }
  expect((await link.read("quiet", { limit: 9 })).epoch).toBe(quiet.epoch);
});

test("events that were found to be over by a repeat take up nothing of `historyBytes`", async () => {
  const { publish, link, node, clock } = await connectSmall({ historyBytes: 6_000 });
  const fleeting = { ...publicationOf("busy", "x".repeat(2_000)), keep: { size: 10, ttlMs: 1_000 }, key: "k" };
  await link.subscribe("busy", true);
  const first = await link.publish(fleeting);
  await clock.advance("2s");
  expect(await link.publish(fleeting)).toEqual(first);
  await publish("other", "x".repeat(1_500));
  expect(node.skips).toEqual([]);
});

test("events that others took the place of take up nothing of `historyBytes`", async () => {
  const { publish, link } = await connectSmall({ historyBytes: 6_000 });
  const quiet = await publish("quiet");
  const keep = { size: 10, ttlMs: 3_600_000, subject: { name: "t1" } };
  for (let n = 0; n < 100; n += 1) await link.publish({ ...publicationOf("busy", "x".repeat(500)), keep });
  expect((await link.read("quiet", { limit: 9 })).epoch).toBe(quiet.epoch);
});

test("a stream of which nothing is remembered any more, and that nobody hears, begins anew", async () => {
  const { link, clock } = await connectSmall({});
  const first = await link.publish({ ...publicationOf("c", 1), key: "k" });
  await clock.advance("301s");
  await link.publish(publicationOf("c", 2));
  const last = await link.publish(publicationOf("c", 3));
  expect(last).toEqual({ epoch: expect.not.stringMatching(first.epoch), offset: 1 });
});
