import { describe, expect, test } from "vitest";
import { z } from "zod";
import { OpenedHub, type TestMember, welcome } from "../../test/support/opened-hub.js";
import { StreamLink } from "../../test/support/stream-link.js";
import { channel } from "../declare/channel.js";
import type { ChannelPlace } from "./channels.js";
import type { HubOptions } from "./hub.js";
import type { ArrivalOptions } from "./membership.js";

const events = { said: z.object({ n: z.number() }) };
const history = { size: 100, ttl: "5m" } as const;
const lobby = channel("chat/:room", { events, history })({ room: "lobby" });
const fleeting = channel("chat/:room", { events })({ room: "lobby" });

async function openRoom(place: ChannelPlace = lobby, options: Partial<HubOptions> = {}) {
  const opened = await OpenedHub.open((node) => new StreamLink(node), options);
  const { hub, link } = opened;
  const join = (member: TestMember, how: Partial<ArrivalOptions> = {}) =>
    hub.channels.join(member, place, { isOwn: true, welcome, ...how });
  const member = (id: string, outbox?: number) => opened.member(id, { outbox });
  /** Somebody whose socket takes nothing, and who has fallen behind after event `last`. */
  const fallBehind = async (outbox = 200) => {
    const ana = member("ana", outbox);
    await join(ana);
    await opened.settle();
    ana.socket.isStuck = true;
    while (opened.recording.counters.catchUps === 0) {
      link.say();
      await opened.settle();
    }
    return ana;
  };
  /** Her socket takes everything, again and again. */
  const readAll = async (ana: TestMember) => {
    for (let round = 0; round < 20; round += 1) {
      ana.socket.drain();
      await opened.settle();
    }
  };
  return {
    opened,
    channels: hub.channels,
    counters: opened.recording.counters,
    link,
    join,
    member,
    fallBehind,
    readAll,
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe.each([{ isFar: false }, { isFar: true }])("with a broker whose answers come late: $isFar", ({ isFar }) => {
  // Of 10 events the last 6 are kept; a page has 4.
  test.each([
    ["has all", { epoch: "e1", offset: 10 }, ["on e1:10 recovered"]],
    ["misses the last", { epoch: "e1", offset: 9 }, ["on e1:9 recovered", "10"]],
    ["misses all that is kept", { epoch: "e1", offset: 4 }, ["on e1:4 recovered", ...numbers(5, 10)]],
    ["misses more than is kept", { epoch: "e1", offset: 3 }, ["on e1:10 lost"]],
    ["was there before anything", { epoch: "e1", offset: 0 }, ["on e1:10 lost"]],
    ["knows more than there is", { epoch: "e1", offset: 11 }, ["on e1:10 lost"]],
    ["comes from another epoch", { epoch: "e0", offset: 10 }, ["on e1:10 lost"]],
  ])("who %s is told so, and what was missed and all that follows reach them once", async (_, since, expected) => {
    const { opened, link, join, member, counters } = await openRoom();
    Object.assign(link, { isFar, size: 6 });
    for (let each = 0; each < 10; each += 1) link.store();
    const ana = member("ana");
    await join(ana, { since });
    await opened.settle();
    expect(ana.heard).toEqual(expected);
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual([...expected, "11", "12"]);
    const isRecovered = expected[0]?.endsWith("recovered") === true;
    expect([counters.resumes, counters.resumesFailed]).toEqual(isRecovered ? [1, 0] : [0, 1]);
    expect(counters.eventsReplayed).toBe(expected.length - 1);
  });

  test.each([
    [1, ["on e1:9", "10"]],
    [6, ["on e1:6", ...numbers(7, 10)]],
    [100, ["on e1:6", ...numbers(7, 10)]],
  ])("a rewind of %i gives so many of the latest, a page at most", async (rewind, expected) => {
    const { opened, link, join, member } = await openRoom();
    link.isFar = isFar;
    for (let each = 0; each < 10; each += 1) link.store();
    const ana = member("ana");
    await join(ana, { rewind });
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual([...expected, "11", "12"]);
  });

  test.each([
    [1_000, ["on e1:6", ...numbers(7, 10)]],
    [150, ["on e1:7", ...numbers(8, 10)]],
    [149, ["on e1:8", ...numbers(9, 10)]],
    [10, ["on e1:9", "10"]],
  ])("a rewind gives no more than an outbox of %i bytes holds, one at least", async (outbox, expected) => {
    const { link, join, member, readAll } = await openRoom();
    link.isFar = isFar;
    for (let n = 1; n <= 10; n += 1)
      link.store({ payloadJson: JSON.stringify({ n, text: "x".repeat(30) }).padEnd(50) });
    const ana = member("ana", outbox);
    await join(ana, { rewind: 6 });
    await readAll(ana);
    expect(ana.heard).toEqual(expected);
  });

  test("a rewind of another epoch than the channel was in is empty, and a gap says so to all", async () => {
    const { opened, link, join, member } = await openRoom();
    link.isFar = isFar;
    const [ana, bob] = [member("ana"), member("bob")];
    await join(bob);
    link.say(5);
    const read = link.hold("read", "after");
    const joined = join(ana, { rewind: 3 });
    link.restart("e2");
    // This process was not told of these.
    for (let each = 0; each < 3; each += 1) link.store();
    read.open();
    await joined;
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:5", "gap e2:3", "4"]);
    expect(bob.heard).toEqual(["on e1:0", ...numbers(1, 5), "gap e2:3", "4"]);
  });

  test("a rewind of what is not kept any more is empty", async () => {
    const { opened, link, join, member } = await openRoom();
    link.isFar = isFar;
    for (let each = 0; each < 10; each += 1) link.store();
    link.cut(0);
    const ana = member("ana");
    await join(ana, { rewind: 5 });
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:10", "11"]);
  });

  test("without history who comes back is told that all is lost, and hears what follows", async () => {
    const { opened, link, join, member } = await openRoom(fleeting);
    link.isFar = isFar;
    const ana = member("ana");
    await join(ana, { since: { epoch: "e1", offset: 0 }, rewind: 3 });
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual(["on lost", "1", "2"]);
  });
});

describe("what is said while the history is read", () => {
  test.each(["before", "after"] as const)(
    "arrives once and in order, be it in what is read or not: %s",
    async (when) => {
      const { opened, link, join, member } = await openRoom();
      const bob = member("bob");
      await join(bob);
      link.say(5);
      const read = link.hold("read", when);
      const ana = member("ana");
      const joined = join(ana, { since: { epoch: "e1", offset: 2 } });
      link.say(3);
      read.open();
      await joined;
      link.say();
      await opened.settle();
      expect(ana.heard).toEqual(["on e1:2 recovered", ...numbers(3, 9)]);
      expect(bob.heard).toEqual(["on e1:0", ...numbers(1, 9)]);
    },
  );

  test("arrives once where this process is told of it only after it was read", async () => {
    const { opened, link, join, member } = await openRoom();
    const ana = member("ana");
    const bob = member("bob");
    await join(bob);
    link.say(3);
    const late = [link.store(), link.store()];
    await join(ana, { since: { epoch: "e1", offset: 1 } });
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:1 recovered", "2", "3"]);
    for (const event of late) link.tell(event);
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:1 recovered", ...numbers(2, 6)]);
    expect(bob.heard).toEqual(["on e1:0", ...numbers(1, 6)]);
  });

  test("arrives once where the client knows more than this process was told of", async () => {
    const { opened, link, join, member } = await openRoom();
    const [ana, bob] = [member("ana"), member("bob")];
    await join(bob);
    link.say(3);
    const late = [link.store(), link.store(), link.store()];
    await join(ana, { since: { epoch: "e1", offset: 5 } });
    for (const event of late) link.tell(event);
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:5 recovered", "6", "7"]);
  });

  test("goes on where later events have taken the places of others, or of all that it missed", async () => {
    const { opened, link, join, member, counters } = await openRoom();
    for (let each = 0; each < 6; each += 1) link.store();
    const replaced = new Set([2, 3, 6]);
    const read = link.read.bind(link);
    link.read = async (channel, range) => {
      const page = await read(channel, range);
      return { ...page, events: page.events.filter(({ offset }) => !replaced.has(offset)), isComplete: true };
    };
    const [ana, bob] = [member("ana"), member("bob")];
    await join(ana, { since: { epoch: "e1", offset: 1 } });
    await join(bob, { since: { epoch: "e1", offset: 5 } });
    await opened.settle();
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:1 recovered", "4", "5", "7"]);
    expect(bob.heard).toEqual(["on e1:5 recovered", "7"]);
    expect(counters.gaps).toBe(0);
  });

  test("is a gap where it is cut between two pages", async () => {
    const { opened, link, join, member, counters } = await openRoom();
    for (let each = 0; each < 10; each += 1) link.store();
    link.isFar = true;
    const ana = member("ana");
    await join(ana, { since: { epoch: "e1", offset: 0 } });
    link.cut(3);
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), "gap e1:7", ...numbers(8, 10)]);
    expect(counters.gaps).toBe(1);
  });

  test("is a gap up to the present where nothing of it is kept", async () => {
    const { opened, link, join, member } = await openRoom();
    for (let each = 0; each < 10; each += 1) link.store();
    link.isFar = true;
    const ana = member("ana");
    await join(ana, { since: { epoch: "e1", offset: 0 } });
    link.cut(0);
    await opened.settle();
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), "gap e1:10", "11"]);
  });

  test("begins anew where its epoch does", async () => {
    const { opened, link, join, member } = await openRoom();
    link.say(6);
    link.isFar = true;
    const bob = member("bob");
    await join(bob);
    const ana = member("ana");
    await join(ana, { since: { epoch: "e1", offset: 0 } });
    link.restart("e2");
    link.say(2);
    await opened.settle();
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), "gap e2:2", "3"]);
    expect(bob.heard).toEqual(["on e1:6", "gap e2:0", "1", "2", "3"]);
  });

  test("begins anew for all where the history is the first to tell of another epoch", async () => {
    const { opened, link, join, member } = await openRoom();
    const [ana, bob] = [member("ana"), member("bob")];
    await join(bob);
    link.say(6);
    link.isFar = true;
    await join(ana, { since: { epoch: "e1", offset: 0 } });
    link.restart("e2");
    const untold = [link.store(), link.store()];
    await opened.settle();
    // Late: all know to have lost them.
    for (const event of untold) link.tell(event);
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), "gap e2:2", "3"]);
    expect(bob.heard).toEqual(["on e1:0", ...numbers(1, 6), "gap e2:2", "3"]);
  });

  test("a history that tells late of an epoch that is over already takes nobody back", async () => {
    const { opened, link, join, member } = await openRoom();
    const [ana, bob] = [member("ana"), member("bob")];
    await join(bob);
    link.say(6);
    const [first, second] = [link.hold("read"), link.hold("read")];
    const joined = join(ana, { since: { epoch: "e1", offset: 0 } });
    link.restart("e2");
    first.open();
    await joined;
    link.restart("e3");
    link.say(2);
    second.open();
    await opened.settle();
    link.say();
    await opened.settle();
    expect(bob.heard).toEqual(["on e1:0", ...numbers(1, 6), "gap e3:0", "1", "2", "3"]);
    expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), "gap e3:2", "3"]);
  });

  test("a history that tells of another epoch later than the events did takes nobody back", async () => {
    const { opened, link, join, member } = await openRoom();
    const [ana, bob] = [member("ana"), member("bob")];
    await join(bob);
    link.say(6);
    const [first, second] = [link.hold("read"), link.hold("read")];
    const joined = join(ana, { since: { epoch: "e1", offset: 0 } });
    link.restart("e2");
    const untold = [link.store(), link.store()];
    first.open();
    await joined;
    for (const event of untold) link.tell(event);
    link.say(3);
    second.open();
    await opened.settle();
    link.say();
    await opened.settle();
    expect(bob.heard).toEqual(["on e1:0", ...numbers(1, 6), "gap e2:0", ...numbers(1, 6)]);
    expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), "gap e2:5", "6"]);
  });
});

describe("events that this process was not told of", () => {
  test("are a gap for who is live, in their place", async () => {
    const { opened, link, join, member, counters } = await openRoom();
    const [ana, bob] = [member("ana"), member("bob")];
    for (const each of [ana, bob]) await join(each);
    link.say(2);
    link.store();
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0", "1", "2", "gap e1:3", "4", "5"]);
    expect(bob.heard).toEqual(ana.heard);
    expect(counters.gaps).toBe(2);
  });

  test("are none that anybody missed where the next one says which it follows", async () => {
    const { opened, link, join, member, counters } = await openRoom();
    const ana = member("ana");
    await join(ana);
    link.say(2);
    for (let each = 0; each < 3; each += 1) link.store();
    // The event before it, or one further back than the last that was told.
    link.say(1, { follows: 2 });
    link.store();
    link.say(1, { follows: 5 });
    link.store();
    link.store();
    // There was one in between that stands where it stood.
    link.say(1, { follows: 9 });
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0", "1", "2", "6", "8", "gap e1:10", "11"]);
    expect(counters.gaps).toBe(1);
  });

  test("without history the gap has no place", async () => {
    const { opened, link, join, member } = await openRoom(fleeting);
    const ana = member("ana");
    await join(ana);
    link.say(2);
    link.restart("e2");
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual(["on", "1", "2", "gap", "1", "2"]);
  });

  test("what is told twice is said once", async () => {
    const { opened, link, join, member } = await openRoom();
    const ana = member("ana");
    await join(ana);
    const event = link.store();
    for (const _ of ["once", "twice"]) link.tell(event);
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:0", "1"]);
  });

  test("what is told before the channel is known to be heard counts as heard", async () => {
    const { opened, link, join, member } = await openRoom();
    const subscribe = link.hold("subscribe", "before");
    const ana = member("ana");
    const joined = join(ana);
    link.say(2);
    subscribe.open();
    await joined;
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on e1:2", "3"]);
  });

  test("what was told to who left before does not count for who comes next", async () => {
    const { opened, link, channels, join, member } = await openRoom();
    const [ana, bob] = [member("ana"), member("bob")];
    await join(ana);
    channels.leave(ana, "chat/lobby");
    const subscribe = link.hold("subscribe", "after");
    const joined = join(bob);
    // Of the first subscription, which the broker has not ended yet.
    link.say();
    link.store();
    link.store();
    subscribe.open();
    await joined;
    link.say();
    await opened.settle();
    expect(bob.heard).toEqual(["on e1:3", "4"]);
  });

  test("are a gap for who is still being told who is there", async () => {
    const { opened, link, join, member } = await openRoom(fleeting);
    const ana = member("ana");
    const members = link.hold("members");
    const joined = join(ana, { watches: true });
    link.say();
    link.store();
    link.say();
    members.open();
    await joined;
    await opened.settle();
    expect(ana.heard).toEqual(["on members=", "1", "gap", "3"]);
  });
});

describe("who falls behind", () => {
  test("gets the rest out of the history, in order and once, as far as there is room", async () => {
    const { opened, link, fallBehind, readAll, counters } = await openRoom();
    const ana = await fallBehind();
    link.say(30);
    await opened.settle();
    await readAll(ana);
    link.say(2);
    await readAll(ana);
    expect(ana.heard.slice(1)).toEqual(numbers(1, ana.heard.length - 1));
    expect(ana.heard.length - 1).toBeGreaterThan(32);
    expect([counters.catchUps, counters.gaps, ana.overflows]).toEqual([1, 0, 0]);
    expect(counters.eventsReplayed).toBeGreaterThanOrEqual(30);
  });

  test("reads no more at a time than the outbox could ever hold, nor does who comes back", async () => {
    const { opened, link, join, member, fallBehind, readAll } = await openRoom();
    const ana = await fallBehind(200);
    link.say(30);
    await readAll(ana);
    await join(member("bob", 300), { since: { epoch: "e1", offset: 0 } });
    await opened.settle();
    expect(new Set(link.ranges.map(({ bytes }) => bytes))).toEqual(new Set([200, 300]));
  });

  test("is sent nothing of the history before half of the outbox is free", async () => {
    const { opened, link, fallBehind } = await openRoom();
    const ana = await fallBehind();
    link.say(30);
    await opened.settle();
    expect(link.asked.filter((what) => what.startsWith("read"))).toEqual([]);
    const waiting = ana.outbox.bufferedBytes;
    expect(waiting).toBeGreaterThan(100);
    expect(waiting).toBeLessThanOrEqual(200);
  });

  test("has a gap in the place of what was cut meanwhile", async () => {
    const { opened, link, fallBehind, readAll } = await openRoom();
    const ana = await fallBehind();
    link.say(30);
    link.cut(5);
    await opened.settle();
    const before = ana.heard.length;
    await readAll(ana);
    const words = ana.heard.slice(1);
    const at = words.findIndex((word) => word.startsWith("gap"));
    const newest = Number(words.at(-1));
    expect(before).toBeGreaterThan(0);
    expect(words.slice(0, at)).toEqual(numbers(1, at));
    expect(words.slice(at)).toEqual([`gap e1:${newest - 5}`, ...numbers(newest - 4, newest)]);
  });

  test("has a gap where the epoch changed meanwhile", async () => {
    const { opened, link, fallBehind, readAll } = await openRoom();
    const ana = await fallBehind();
    link.restart("e2");
    link.say(3);
    await opened.settle();
    await readAll(ana);
    link.say();
    await readAll(ana);
    expect(ana.heard.slice(-2)).toEqual(["gap e2:3", "4"]);
  });

  test("goes on a second after the broker was away", async () => {
    const { opened, link, fallBehind, readAll } = await openRoom();
    const ana = await fallBehind();
    link.say(2);
    link.failLater("read")(new Error("away"));
    await readAll(ana);
    const before = ana.heard.length;
    expect(opened.errors).toEqual([['history of "chat/lobby"', "Error: away"]]);
    await opened.clock.advance("999ms");
    await readAll(ana);
    expect(ana.heard.length).toBe(before);
    await opened.clock.advance("1ms");
    await readAll(ana);
    expect(ana.heard.slice(1)).toEqual(numbers(1, ana.heard.length - 1));
    expect(ana.heard.length).toBeGreaterThan(before + 1);
  });

  test("on one channel hears the others on", async () => {
    const { opened, link, channels, fallBehind, readAll } = await openRoom();
    const other = channel("other", { events })();
    const ana = await fallBehind();
    await channels.join(ana, other, { isOwn: false });
    opened.deliver({ channel: "other", payloadJson: '{"n":0}', offset: link.store().offset });
    await opened.settle();
    expect(ana.heard).not.toContain("0");
    await readAll(ana);
    expect(ana.heard).toContain("0");
  });

  test("and has gone is not told anything, nor caught up with", async () => {
    const { opened, link, channels, fallBehind, readAll } = await openRoom();
    const ana = await fallBehind();
    link.say(10);
    channels.leave(ana, "chat/lobby");
    expect(channels.count).toBe(0);
    const asked = link.asked.length;
    await readAll(ana);
    const before = ana.heard.length;
    link.say();
    await opened.settle();
    expect(ana.heard.length).toBe(before);
    expect(link.asked.length).toBe(asked);
  });
});
