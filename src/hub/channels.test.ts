import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../test/support/gate.js";
import { OpenedHub, type TestMember, welcome } from "../../test/support/opened-hub.js";
import { RecordingLink } from "../../test/support/recording-link.js";
import { StreamLink } from "../../test/support/stream-link.js";
import { channel } from "../declare/channel.js";
import type { ArrivalOptions } from "./membership.js";

const events = { said: z.object({ n: z.number() }) };
const history = { size: 100, ttl: "5m" } as const;

test("who has left falls behind no more, though the write in which it left would say so", async () => {
  const place = channel("chat/:room", { events, history })({ room: "lobby" });
  const opened = await OpenedHub.open((node) => new StreamLink(node));
  const { channels } = opened.hub;
  const [ana, bob] = [opened.member("ana"), opened.member("bob")];
  for (const each of [ana, bob]) await channels.join(each, place, { isOwn: true, welcome });
  const membership = ana.memberships?.get("chat/lobby");
  channels.leave(ana, "chat/lobby");
  membership?.fellBehind({ epoch: "e1", offset: 1 });
  opened.link.restart("e2");
  opened.link.say();
  await opened.settle();
  expect(bob.heard).toEqual(["on e1:0", expect.stringContaining("gap e2"), "1"]);
  expect(ana.heard).toEqual(["on e1:0"]);
});

test("who falls behind, and is told in the same moment that all is lost, catches up once, and not at all once it has left", async () => {
  const place = channel("chat/:room", { events, history })({ room: "lobby" });
  const opened = await OpenedHub.open((node) => new StreamLink(node));
  const { channels } = opened.hub;
  const [ana, bob] = [opened.member("ana"), opened.member("bob")];
  for (const each of [ana, bob]) await channels.join(each, place, { isOwn: true, welcome });
  const both = [ana, bob].map((each) => each.memberships?.get("chat/lobby"));
  for (const membership of both) {
    membership?.audience.lane.delete(membership.outbox);
    membership?.fellBehind({ epoch: "e1", offset: 1 });
    membership?.lose({ epoch: "e1", offset: 0 });
  }
  channels.leave(ana, "chat/lobby");
  opened.link.say(2);
  await opened.settle();
  expect([ana.heard, bob.heard]).toEqual([["on e1:0"], ["on e1:0", "1", "2"]]);
});

describe("who leaves while it is on its way to a channel", () => {
  /** What a join waits for, one after the other. */
  const points = ["subscribe", "read", "snapshot", "members"] as const;

  async function openRoom() {
    const loading = createGate();
    let isLoading = false;
    let loads = 0;
    const snapshot = async () => {
      loads += 1;
      if (isLoading) await loading.opened;
      return "state";
    };
    const place = channel("chat/:room", { events, history, snapshot })({ room: "lobby" });
    const opened = await OpenedHub.open((node) => new StreamLink(node));
    const { hub, link } = opened;
    const join = (member: TestMember, how: Partial<ArrivalOptions> = {}) =>
      hub.channels.join(member, place, { isOwn: true, welcome, ...how });
    /** Of a former epoch, so that it needs the state as well. */
    const comeBack = { since: { epoch: "e0", offset: 1 }, watches: true };
    const hold = (point: (typeof points)[number]) => {
      if (point !== "snapshot") return link.hold(point);
      isLoading = true;
      return loading;
    };
    return { opened, channels: hub.channels, link, join, comeBack, hold, loads: () => loads };
  }

  test.each(points)("leaves nothing behind, be it that nobody else is there: %s", async (point) => {
    const { opened, channels, link, join, comeBack, hold, loads } = await openRoom();
    const ana = opened.member("ana");
    const gate = hold(point);
    const joined = join(ana, comeBack);
    await opened.settle();
    const loadsBefore = loads();
    expect(channels.leave(ana, "chat/lobby")).toBe(true);
    expect([channels.count, ana.memberships?.size]).toEqual([0, 0]);
    gate.open();
    await joined;
    link.say();
    link.meet("bob");
    await opened.settle();
    expect(ana.heard).toEqual([]);
    expect([opened.errors, ana.overflows, loads()]).toEqual([[], 0, loadsBefore]);
  });

  test.each(points.slice(1))("leaves nothing behind among others: %s", async (point) => {
    const { opened, channels, link, join, comeBack, hold } = await openRoom();
    const [ana, bob] = [opened.member("ana"), opened.member("bob")];
    await join(bob);
    const gate = hold(point);
    const joined = join(ana, comeBack);
    await opened.settle();
    channels.leave(ana, "chat/lobby");
    link.say();
    gate.open();
    await joined;
    link.say();
    link.meet("cy");
    await opened.settle();
    expect(ana.heard).toEqual([]);
    expect(bob.heard).toEqual(['on e1:0 state="state"', "1", "2"]);
    const audience = bob.memberships?.get("chat/lobby")?.audience;
    expect([audience?.size, audience?.lane.size, audience?.isWatchedBy(ana.outbox)]).toEqual([1, 1, false]);
    channels.leave(bob, "chat/lobby");
    expect(channels.count).toBe(0);
  });

  test.each(points)("and comes again is there once: %s", async (point) => {
    const { opened, channels, link, join, comeBack, hold } = await openRoom();
    const ana = opened.member("ana");
    const gate = hold(point);
    const joins = [join(ana, comeBack)];
    await opened.settle();
    channels.leave(ana, "chat/lobby");
    joins.push(join(ana, comeBack));
    gate.open();
    await Promise.all(joins);
    await opened.settle();
    link.say();
    link.meet("bob");
    await opened.settle();
    expect(ana.heard).toEqual(['on e1:0 lost state="state" members=', "1", "+bob"]);
    expect(channels.count).toBe(1);
  });

  test.each(["subscribe", "read", "members"] as const)("as does who is refused by the broker: %s", async (point) => {
    const { opened, channels, link, join, comeBack } = await openRoom();
    const ana = opened.member("ana");
    link.failLater(point)(new Error("away"));
    const joined = (async () => join(ana, comeBack))();
    await expect(joined).rejects.toThrow("away");
    expect([channels.count, ana.memberships?.size]).toEqual([0, 0]);
    expect(link.asked.at(-1)).toBe("unsubscribe chat/lobby");
    await join(ana, comeBack);
    link.say();
    await opened.settle();
    expect(ana.heard).toEqual(['on e1:0 lost state="state" members=', "1"]);
  });
});

test("with a broker of this process who joins is there when the call returns", async () => {
  const place = channel("chat/:room", { events, history })({ room: "lobby" });
  const { hub, link, member, recording } = await OpenedHub.open((node) => new StreamLink(node)).then((opened) => ({
    ...{ hub: opened.hub, link: opened.link, recording: opened.recording },
    member: opened.member("ana"),
  }));
  link.say(2);
  const how = { isOwn: true, welcome, since: { epoch: "e1", offset: 0 }, watches: true };
  expect(hub.channels.join(member, place, how)).toBeUndefined();
  link.say();
  recording.end();
  expect(member.heard).toEqual(["on e1:0 recovered members=", "1", "2", "3"]);
});

describe("a publish tells the broker", () => {
  test.each([
    ["how long it is kept", { history }, { keep: { size: 100, ttlMs: 300_000 } }],
    ["of which events only the latest matters", { overflow: { keepLatestBy: () => "BTC" } }, { latestOf: "BTC" }],
    ["nothing of that where the channel says nothing", {}, {}],
  ] as const)("%s", async (_, options, expected) => {
    const { hub, link } = await OpenedHub.open(() => new RecordingLink());
    const place = channel("chat/:room", { events, ...options })({ room: "lobby" });
    await hub.channels.publish(place, { type: "said", payload: { n: 1 } }, { key: "k1" });
    const [published] = link.published;
    const told = { channel: "chat/lobby", type: "said", payloadJson: '{"n":1}', key: "k1" };
    expect(JSON.parse(JSON.stringify(published))).toEqual({ ...told, ...expected });
  });

  test("by the schema's output, what makes it one that matters", async () => {
    const { hub, link } = await OpenedHub.open(() => new RecordingLink());
    const prices = channel("prices", {
      events: { price: z.object({ symbol: z.string().toUpperCase() }) },
      overflow: { keepLatestBy: ({ type, payload }) => `${type} ${payload.symbol}` },
    })();
    await hub.channels.publish(prices, { type: "price", payload: { symbol: "btc" } }, {});
    expect(link.published).toMatchObject([{ latestOf: "price BTC" }]);
  });
});

test("of the history a page is given at most, and the newest of it", async () => {
  const { hub, link } = await OpenedHub.open((node) => new StreamLink(node));
  link.say(10);
  const offsets = async (limit: number, before?: number) =>
    (await hub.channels.history("chat/lobby", limit, before)).events.map(({ offset }) => offset);
  expect(await offsets(2)).toEqual([9, 10]);
  expect(await offsets(2, 5)).toEqual([3, 4]);
  expect(await offsets(100)).toEqual([7, 8, 9, 10]);
});

describe("on a channel with presence", () => {
  const place = channel("chat/:room", { events, presence: true })({ room: "lobby" });
  const quietly = { isOwn: false };
  const aboutPresence = ({ asked }: RecordingLink) => asked.filter((what) => /attend|withdraw/.test(what));

  test("a user's devices are one member, who leaves with the last of them", async () => {
    const { hub, link, member } = await OpenedHub.open(() => new RecordingLink()).then((opened) => ({
      ...{ hub: opened.hub, link: opened.link },
      member: opened.member.bind(opened),
    }));
    const [phone, laptop] = [member("phone", { user: "ana" }), member("laptop", { user: "ana" })];
    for (const each of [phone, laptop]) await hub.channels.join(each, place, quietly);
    hub.channels.leave(phone, "chat/lobby");
    expect(aboutPresence(link)).toEqual(['attend chat/lobby user ana {"id":"ana"}']);
    hub.channels.leave(laptop, "chat/lobby");
    expect(aboutPresence(link).slice(1)).toEqual(["withdraw chat/lobby user ana"]);
  });

  test("who is lost is there for the grace, unless nobody could come back as the same", async () => {
    const opened = await OpenedHub.open(() => new RecordingLink(), { presenceGraceMs: 5_000 });
    const { hub, link, clock } = opened;
    const [ana, guest] = [opened.member("a", { user: "ana" }), opened.member("g")];
    for (const each of [ana, guest]) {
      await hub.enter(each);
      await hub.channels.join(each, place, quietly);
      hub.exit(each);
    }
    expect(aboutPresence(link).slice(2)).toEqual(["withdraw chat/lobby connection g"]);
    await clock.advance("4999ms");
    expect(aboutPresence(link)).toHaveLength(3);
    await clock.advance("1ms");
    expect(aboutPresence(link).slice(3)).toEqual(["withdraw chat/lobby user ana"]);
  });

  test("who can't be shown hears the channel all the same, and this is told", async () => {
    const opened = await OpenedHub.open(() => new RecordingLink());
    const ana: TestMember = Object.assign(opened.member("a"), {
      faceOn: () => {
        throw new Error("no face");
      },
    });
    await opened.hub.channels.join(ana, place, quietly);
    opened.deliver();
    await opened.settle();
    expect(ana.heard).toEqual(["hi"]);
    expect(opened.errors).toEqual([['presence of "chat/lobby"', "Error: no face"]]);
    opened.hub.channels.leave(ana, "chat/lobby");
    expect(aboutPresence(opened.link)).toEqual([]);
  });

  test("who joins is attended after the channel is heard, so that it is told of itself", async () => {
    const opened = await OpenedHub.open(() => new RecordingLink());
    await opened.hub.channels.join(opened.member("a", { user: "ana" }), place, quietly);
    expect(opened.link.asked).toEqual(["subscribe chat/lobby", 'attend chat/lobby user ana {"id":"ana"}']);
  });
});
