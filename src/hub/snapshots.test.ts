import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createGate, type Gate } from "../../test/support/gate.js";
import { OpenedHub, type TestMember, welcome } from "../../test/support/opened-hub.js";
import { StreamLink } from "../../test/support/stream-link.js";
import { channel } from "../declare/channel.js";
import { stateAt } from "../declare/state-at.js";
import type { ArrivalOptions } from "./membership.js";

const events = { said: z.object({ n: z.number() }) };
const history = { size: 100, ttl: "5m" } as const;

/** A room whose snapshot gives what `load` does, and waits for the gates it is given, one for each load. */
async function openRoom({ hasHistory = true, load = (): unknown => "state" } = {}) {
  const gates: Gate[] = [];
  let loads = 0;
  const snapshot = async () => {
    loads += 1;
    const loaded = load();
    await gates.shift()?.opened;
    return loaded;
  };
  const declared = hasHistory
    ? channel("chat/:room", { events, snapshot, history })
    : channel("chat/:room", { events, snapshot });
  const place = declared({ room: "lobby" });
  const opened = await OpenedHub.open((node) => new StreamLink(node));
  const { hub, link } = opened;
  const join = (member: TestMember, how: Partial<ArrivalOptions> = {}) =>
    hub.channels.join(member, place, { isOwn: true, welcome, ...how });
  const member = (id: string, outbox?: number) => opened.member(id, { outbox });
  /** Her socket takes everything, again and again. */
  const readAll = async (ana: TestMember) => {
    for (let round = 0; round < 20; round += 1) {
      ana.socket.drain();
      await opened.settle();
    }
  };
  /** The next load ends when this is opened. */
  const hold = () => {
    const gate = createGate();
    gates.push(gate);
    return gate;
  };
  return { opened, channels: hub.channels, link, join, member, readAll, hold, loads: () => loads };
}

const e1 = (offset: number) => ({ epoch: "e1", offset });
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe.each([{ hasHistory: true }, { hasHistory: false }])("a snapshot (history: $hasHistory)", ({ hasHistory }) => {
  const at = (position: string) => (hasHistory ? `${position} ` : "");

  test("comes first, and then what is said from the join on", async () => {
    const { opened, link, join, member, hold } = await openRoom({ hasHistory });
    const [ana, bob] = [member("ana"), member("bob")];
    await join(bob);
    link.say(3);
    const gate = hold();
    const joined = join(ana);
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual([]);
    gate.open();
    await joined;
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual([`on ${at("e1:3")}state="state"`, "4", "5", "6"]);
    expect(bob.heard.slice(1)).toEqual(numbers(1, 6));
  });

  test("that knows its place is followed by exactly what is behind it, where there is history", async () => {
    const { opened, link, join, member, hold } = await openRoom({ hasHistory, load: () => stateAt(e1(4), "four") });
    const ana = member("ana");
    const gate = hold();
    const joined = join(ana);
    link.say(6);
    gate.open();
    await joined;
    link.say();
    await opened.settle();
    // Without history no offset is told that could be stored: what was said since it was asked for follows.
    const after = hasHistory ? ["5", "6", "7"] : ["1", "2", "3", "4", "5", "6", "7"];
    expect(ana.heard).toEqual([`on ${at("e1:4")}state="four"`, ...after]);
  });

  test.each([
    ["of another epoch", { epoch: "e0", offset: 1 }],
    ["beyond the newest event", e1(40)],
  ])("whose place is one %s is followed by everything, as one without a place", async (_, place) => {
    const { opened, link, join, member } = await openRoom({ hasHistory, load: () => stateAt(place, "forty") });
    const ana = member("ana");
    link.say(2);
    await join(ana);
    link.say(2);
    await opened.settle();
    expect(ana.heard).toEqual([`on ${at("e1:2")}state="forty"`, "3", "4"]);
    expect(opened.errors).toEqual([]);
  });

  test("that can't be loaded is an error for who joins, who is then not on the channel", async () => {
    const load = () => {
      throw new Error("no database");
    };
    const { opened, channels, link, join, member } = await openRoom({ hasHistory, load });
    const ana = member("ana");
    await expect(join(ana)).rejects.toThrow("no database");
    expect([channels.count, ana.memberships?.size]).toEqual([0, 0]);
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual([]);
  });

  test("that never comes is `unavailable` after `limits.needs`", async () => {
    const { opened, channels, join, member, hold } = await openRoom({ hasHistory });
    hold();
    const refused = expect(join(member("ana"))).rejects.toMatchObject({ code: "unavailable" });
    await opened.clock.advance("10s");
    await refused;
    expect(channels.count).toBe(0);
  });

  test("is loaded once for many who come at once", async () => {
    const { opened, link, join, member, hold, loads } = await openRoom({ hasHistory });
    const gate = hold();
    const members = ["a", "b", "c", "d"].map((id) => member(id));
    const joined = Promise.all(members.map((each) => join(each)));
    link.say();
    gate.open();
    await joined;
    await opened.settle();
    // One for the first, and one for all who came after it had begun.
    expect(loads()).toBe(2);
    for (const { heard } of members) expect(heard).toEqual([`on ${at("e1:0")}state="state"`, "1"]);
  });

  test("is not for a plain client that the server joins: it is told nothing", async () => {
    const { opened, link, join, member, loads } = await openRoom({ hasHistory });
    const ana = member("ana");
    await join(ana, { isOwn: false, welcome: undefined });
    link.say();
    await opened.settle();
    expect([ana.heard, loads()]).toEqual([["1"], 0]);
  });

  test("is in the gap of who was not told of something", async () => {
    let version = 0;
    const { opened, link, join, member } = await openRoom({ hasHistory: false, load: () => (version += 1) });
    const ana = member("ana");
    await join(ana);
    link.say(2);
    link.store();
    link.say();
    await opened.settle();
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on state=1", "1", "2", "gap state=2", "5"]);
  });

  test("is loaded anew where something was lost while it was loaded", async () => {
    let version = 0;
    const { opened, link, join, member, hold } = await openRoom({ hasHistory: false, load: () => (version += 1) });
    const ana = member("ana");
    const gate = hold();
    const joined = join(ana);
    link.say();
    link.store();
    link.say();
    gate.open();
    await joined;
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(["on state=2", "3", "4"]);
  });

  test("is in the gap where the epoch changes", async () => {
    const { opened, link, join, member } = await openRoom({ hasHistory });
    const ana = member("ana");
    await join(ana);
    link.say(2);
    link.restart("e2");
    link.say(2);
    await opened.settle();
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual([`on ${at("e1:0")}state="state"`, "1", "2", `gap ${at("e2:2")}state="state"`, "3"]);
  });

  test("who falls behind gets it, or all out of the history, and goes on", async () => {
    const { opened, link, join, member, readAll } = await openRoom({ hasHistory });
    const ana = member("ana", 300);
    await join(ana);
    await opened.settle();
    ana.socket.isStuck = true;
    for (let each = 0; each < 30; each += 1) {
      link.say();
      await opened.settle();
    }
    expect(opened.recording.counters.catchUps).toBe(1);
    await readAll(ana);
    link.say();
    await readAll(ana);
    const words = ana.heard.slice(1);
    if (hasHistory) expect(words).toEqual(numbers(1, 31));
    else {
      const gap = words.indexOf('gap state="state"');
      expect(gap).toBeGreaterThan(0);
      expect(words.slice(0, gap)).toEqual(numbers(1, gap));
      expect(words.slice(gap + 1)).toEqual(["31"]);
    }
    expect(ana.overflows).toBe(0);
  });
});

test("a state that knows more than this process was told of is followed by what is behind it", async () => {
  const { opened, link, join, member } = await openRoom({ load: () => stateAt(e1(5), "five") });
  const [ana, bob] = [member("ana"), member("bob")];
  await join(bob, { welcome: undefined });
  link.say(3);
  const late = [link.store(), link.store(), link.store()];
  const joined = join(ana);
  await opened.settle();
  for (const event of late) link.tell(event);
  await joined;
  await opened.settle();
  expect(ana.heard).toEqual(['on e1:5 state="five"', "6"]);
  expect(bob.heard).toEqual(numbers(1, 6));
});

test("where more is said while it is loaded than the outbox holds, it is loaded again", async () => {
  const { opened, link, join, member, hold, loads } = await openRoom({ hasHistory: false });
  const [first, second] = [hold(), hold()];
  const ana = member("ana", 300);
  const joined = join(ana);
  link.say(30);
  first.open();
  await opened.settle();
  expect(ana.heard).toEqual([]);
  link.say(2);
  second.open();
  await joined;
  await opened.settle();
  expect([ana.heard, loads(), ana.overflows]).toEqual([['on state="state"', "31", "32"], 2, 0]);
});

test("what was missed and comes out of the history needs no state", async () => {
  const { opened, link, join, member, loads } = await openRoom();
  link.say(3);
  const ana = member("ana");
  await join(ana, { since: { epoch: "e1", offset: 1 } });
  await opened.settle();
  expect([ana.heard, loads()]).toEqual([["on e1:1 recovered", "2", "3"], 0]);
  const bob = member("bob");
  await join(bob, { since: { epoch: "e0", offset: 1 } });
  await opened.settle();
  expect(bob.heard).toEqual(['on e1:3 lost state="state"']);
});

test("what of it is cut meanwhile is a gap with the state", async () => {
  const { opened, link, join, member } = await openRoom();
  link.say(10);
  link.isFar = true;
  const ana = member("ana");
  await join(ana, { since: { epoch: "e1", offset: 0 } });
  link.cut(2);
  await opened.settle();
  link.say();
  await opened.settle();
  expect(ana.heard).toEqual(["on e1:0 recovered", ...numbers(1, 4), 'gap e1:10 state="state"', "11"]);
});

test.each([
  [3, ["on e1:3", ...numbers(4, 10)]],
  [9, ["on e1:9", "10"]],
])("a rewind gives what is behind a state at %i, and nothing twice", async (offset, expected) => {
  const { opened, link, join, member } = await openRoom({ load: () => stateAt(e1(offset), "state") });
  link.say(10);
  const ana = member("ana");
  await join(ana, { rewind: 3 });
  await opened.settle();
  expect(ana.heard).toEqual([`${expected[0]} state="state"`, ...expected.slice(1)]);
});

test("what was read before the stream began anew is forgotten, and what is said in the new epoch follows the gap", async () => {
  const { opened, link, join, member, hold } = await openRoom();
  const [first, second] = [hold(), hold()];
  link.say(3);
  const ana = member("ana");
  const joined = join(ana, { rewind: 1 });
  link.restart("e2");
  link.say();
  first.open();
  await joined;
  await opened.settle();
  link.say();
  second.open();
  await opened.settle();
  link.say();
  await opened.settle();
  expect(ana.heard).toEqual(['on e1:2 state="state"', 'gap e2:1 state="state"', "2", "3"]);
});

test("a state that ends before what is kept is followed by one gap, and by what is kept", async () => {
  const { opened, link, join, member, loads } = await openRoom({ load: () => stateAt(e1(3), "three") });
  link.say(10);
  link.cut(2);
  const ana = member("ana");
  await join(ana);
  await opened.settle();
  link.say();
  await opened.settle();
  expect(ana.heard).toEqual(['on e1:3 state="three"', "gap e1:8", "9", "10", "11"]);
  expect(loads()).toBe(1);
});

test("what is cut behind such a state, after some of the history was sent, is a gap with a newer one", async () => {
  const offsets = [2, 10];
  const { opened, link, join, member } = await openRoom({ load: () => stateAt(e1(offsets.shift() ?? 0), "state") });
  link.say(10);
  link.isFar = true;
  const ana = member("ana");
  await join(ana);
  const cut = link.hold("read", "after");
  await opened.settle();
  link.cut(1);
  cut.open();
  await opened.settle();
  expect(ana.heard).toEqual(['on e1:2 state="state"', ...numbers(3, 6), 'gap e1:10 state="state"']);
});

test("where a gap's state can't be loaded, the gap is said without, and this is told", async () => {
  let count = 0;
  const load = () => {
    count += 1;
    if (count > 1) throw new Error("no database");
    return "state";
  };
  const { opened, link, join, member } = await openRoom({ hasHistory: false, load });
  const ana = member("ana");
  await join(ana);
  link.store();
  link.say();
  await opened.settle();
  link.say();
  await opened.settle();
  expect(ana.heard).toEqual(['on state="state"', "gap", "3"]);
  expect(opened.errors).toEqual([['snapshot of "chat/lobby"', "Error: no database"]]);
});

test.each([
  // Bytes that wait already, characters of the state, events said while it is loaded.
  ["the state", 10, 1_000, 0],
  ["what was said meanwhile", 190, 1, 3],
])("who is closed for %s at its arrival is off the channel for good", async (_, waiting, state, said) => {
  const room = await openRoom({ hasHistory: false, load: () => "x".repeat(state) });
  const { opened, link, channels, join, member, hold } = room;
  const ana = member("ana", 200);
  const closing = {
    ...ana,
    ...opened.recording.open({ limit: 200, overflow: () => channels.leave(closing, "chat/lobby") }),
  };
  const bob = member("bob");
  await join(bob);
  closing.socket.isStuck = true;
  closing.outbox.push(Buffer.alloc(waiting));
  opened.recording.end();
  const gate = hold();
  const joined = join(closing);
  link.say(said);
  gate.open();
  await joined;
  await opened.settle();
  expect(closing.memberships?.size).toBe(0);
  const audience = bob.memberships?.get("chat/lobby")?.audience;
  expect([audience?.size, audience?.lane.size]).toEqual([1, 1]);
  expect(closing.socket.bytes).toHaveLength(waiting);
});
