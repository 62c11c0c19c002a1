import { describe, expect, test } from "vitest";
import { z } from "zod";
import { OpenedHub, type TestMember, welcome } from "../../test/support/opened-hub.js";
import { StreamLink } from "../../test/support/stream-link.js";
import { channel } from "../declare/channel.js";
import type { ArrivalOptions } from "./membership.js";

// No `presence`, so that nobody of this process is a member: those are who the broker says.
const lobby = channel("chat/:room", { events: { said: z.object({ n: z.number() }) } })({ room: "lobby" });

/** A room whose watchers are told of three members at most, one by one. */
async function openRoom() {
  const opened = await OpenedHub.open((node) => new StreamLink(node));
  const { hub, link } = opened;
  const join = (member: TestMember, how: Partial<ArrivalOptions> = {}) =>
    hub.channels.join(member, lobby, { isOwn: true, welcome, watches: true, ...how });
  const member = (id: string, outbox?: number) => opened.member(id, { outbox });
  const audienceOf = (of: TestMember) => {
    const audience = of.memberships?.get("chat/lobby")?.audience;
    if (audience === undefined) throw new Error(`${of.id} is not on the channel.`);
    return audience;
  };
  /** Her outbox fills up with changes of who is there, until she is not told of them any more. */
  const fillUp = async (ana: TestMember) => {
    ana.socket.isStuck = true;
    for (let full = false; !full; ) {
      const before = ana.outbox.bufferedBytes;
      link.meet("zoe");
      link.part("zoe");
      await opened.settle();
      full = ana.outbox.bufferedBytes === before;
    }
  };
  const readAll = async (ana: TestMember) => {
    for (let round = 0; round < 10; round += 1) {
      ana.socket.drain();
      await opened.settle();
    }
  };
  return { opened, channels: hub.channels, link, join, member, audienceOf, fillUp, readAll };
}

describe("who watches", () => {
  test("is told who is there, and then what changes: one difference a turn", async () => {
    const { opened, link, join, member } = await openRoom();
    link.meet("bob");
    const ana = member("ana");
    await join(ana);
    link.meet("cy");
    link.meet("dan");
    link.part("bob");
    await opened.settle();
    link.part("dan");
    await opened.settle();
    expect(ana.heard).toEqual(["on members=bob", "+cy +dan -bob", "-dan"]);
  });

  test("is told as left of who came and went, and as joined of who went and came, in one turn", async () => {
    const { opened, link, join, member } = await openRoom();
    link.meet("bob");
    const ana = member("ana");
    await join(ana);
    link.meet("cy");
    link.part("cy");
    link.part("bob");
    link.meet("bob");
    await opened.settle();
    expect(ana.heard.slice(1)).toEqual(["+bob -cy"]);
  });

  test("shares every difference with all others who do, and nobody else is told", async () => {
    const { opened, link, join, member } = await openRoom();
    const [ana, bob, cy] = [member("ana"), member("bob"), member("cy")];
    await join(ana);
    await join(bob);
    await join(cy, { watches: false });
    await opened.settle();
    link.meet("dan");
    await opened.settle();
    expect([ana.heard, bob.heard, cy.heard]).toEqual([["on members=", "+dan"], ["on members=", "+dan"], ["on"]]);
    expect(ana.socket.writes.at(-1)).toBe(bob.socket.writes.at(-1));
  });

  test.each(["before", "after"] as const)(
    "misses nothing that changes while it is asked who is there: %s",
    async (when) => {
      const { opened, link, join, member } = await openRoom();
      link.meet("bob", "cy");
      const ana = member("ana");
      const asked = link.hold("members", when);
      const joined = join(ana);
      link.part("bob");
      link.meet("dan");
      asked.open();
      await joined;
      await opened.settle();
      expect(ana.heard).toEqual(["on members=cy,dan"]);
    },
  );

  test("is told all of them also where they were too many when the broker counted, and are not any more", async () => {
    const { opened, link, join, member } = await openRoom();
    link.meet("bob", "cy", "dan", "eve");
    const ana = member("ana");
    const asked = link.hold("members", "before");
    const joined = join(ana);
    link.part("bob");
    asked.open();
    await joined;
    await opened.settle();
    expect(ana.heard).toEqual(["on members=cy,dan,eve"]);
  });
});

describe("of too many members only the count is told", () => {
  test("as soon as they are too many, and all of them when they are not any more", async () => {
    const { opened, link, join, member } = await openRoom();
    link.meet("bob", "cy", "dan");
    const ana = member("ana");
    await join(ana);
    for (const change of [
      () => link.meet("eve"),
      () => link.meet("fay"),
      () => link.part("eve"),
      () => link.part("bob"),
    ]) {
      change();
      await opened.settle();
    }
    link.meet("bob");
    await opened.settle();
    expect(ana.heard).toEqual([
      "on members=bob,cy,dan",
      "count=4",
      "count=5",
      "count=4",
      "members=cy,dan,fay",
      "count=4",
    ]);
  });

  test("to who comes when they are too many already, and all of them when they are not any more", async () => {
    const { opened, link, join, member } = await openRoom();
    link.meet("bob", "cy", "dan", "eve");
    const ana = member("ana");
    await join(ana);
    link.part("bob");
    await opened.settle();
    link.part("cy");
    await opened.settle();
    expect(ana.heard).toEqual(["on count=4", "members=cy,dan,eve", "-cy"]);
  });

  test("to who comes in a turn in which they were too many for a moment", async () => {
    const { opened, link, join, member } = await openRoom();
    const bob = member("bob");
    await join(bob);
    link.meet("bob", "cy", "dan", "eve");
    const ana = member("ana");
    await join(ana);
    link.part("bob");
    await opened.settle();
    expect(ana.heard).toEqual(["on count=4", "members=cy,dan,eve"]);
    expect(bob.heard).toEqual(["on members=", "members=cy,dan,eve"]);
  });
});

describe("who falls behind", () => {
  test("is told all anew when half of the outbox is free, and then what changes", async () => {
    const { opened, link, join, member, fillUp, readAll } = await openRoom();
    link.meet("bob");
    const [ana, quick] = [member("ana", 300), member("quick")];
    for (const each of [ana, quick]) await join(each);
    await fillUp(ana);
    link.meet("cy");
    link.part("bob");
    await opened.settle();
    await readAll(ana);
    link.meet("dan");
    await readAll(ana);
    expect(ana.heard.slice(-2)).toEqual(["members=cy", "+dan"]);
    expect(quick.heard.slice(-2)).toEqual(["+cy -bob", "+dan"]);
    expect(ana.overflows).toBe(0);
  });

  test("and leaves meanwhile is told nothing more, and does not come back", async () => {
    const { channels, link, join, member, audienceOf, fillUp, readAll } = await openRoom();
    const [ana, bob] = [member("ana", 300), member("bob")];
    for (const each of [ana, bob]) await join(each);
    await fillUp(ana);
    const audience = audienceOf(bob);
    expect(audience.isWatchedBy(ana.outbox)).toBe(true);
    channels.leave(ana, "chat/lobby");
    const before = ana.heard.length;
    await readAll(ana);
    link.meet("cy");
    await readAll(ana);
    expect(ana.heard.slice(before).filter((word) => /cy|members/.test(word))).toEqual([]);
    expect(audience.isWatchedBy(ana.outbox)).toBe(false);
  });

  test("and does not want to watch any more is on the channel, and told nothing of it", async () => {
    const { opened, link, join, member, audienceOf, fillUp, readAll } = await openRoom();
    const ana = member("ana", 300);
    await join(ana);
    await fillUp(ana);
    audienceOf(ana).unwatch(ana.outbox);
    await readAll(ana);
    link.meet("cy");
    link.say();
    await readAll(ana);
    await opened.settle();
    expect(ana.heard.at(-1)).toBe("1");
    expect(ana.heard.filter((word) => word.includes("cy"))).toEqual([]);
  });
});

test("who leaves while it is asked who is there does not watch", async () => {
  const { opened, channels, link, join, member, audienceOf } = await openRoom();
  const [ana, bob] = [member("ana"), member("bob")];
  await join(bob);
  const asked = link.hold("members");
  const joined = join(ana);
  channels.leave(ana, "chat/lobby");
  asked.open();
  await joined;
  link.meet("cy");
  await opened.settle();
  expect(ana.heard).toEqual([]);
  expect(audienceOf(bob).isWatchedBy(ana.outbox)).toBe(false);
});

test("where the broker can't say who is there, who asked does not watch, and may ask again", async () => {
  const { opened, link, join, member, audienceOf } = await openRoom();
  const ana = member("ana");
  await join(ana, { watches: false });
  const audience = audienceOf(ana);
  link.failLater("members")(new Error("away"));
  await expect(audience.watch(ana.outbox)).rejects.toThrow("away");
  expect(audience.isWatchedBy(ana.outbox)).toBe(false);
  link.meet("bob");
  expect(audience.watch(ana.outbox)).toMatchObject({ count: 1 });
  link.meet("cy");
  await opened.settle();
  expect(ana.heard).toEqual(["on", "+cy"]);
});

test("where something was lost, everybody who watches is told all anew", async () => {
  const { opened, link, join, member } = await openRoom();
  const ana = member("ana");
  await join(ana);
  link.meet("bob");
  await opened.settle();
  link.store();
  link.say();
  await opened.settle();
  expect(ana.heard).toEqual(["on members=", "+bob", "gap", "members=bob", "2"]);
});

test("where it is not known what changed, everybody who watches is told all anew, and then what changes", async () => {
  const { opened, link, join, member } = await openRoom();
  const [ana, bob, cy] = [member("ana"), member("bob"), member("cy")];
  for (const each of [ana, bob]) await join(each);
  await join(cy, { watches: false });
  link.meet("dan");
  link.meetUnheard("eve");
  link.meet("fay");
  await opened.settle();
  link.part("dan");
  await opened.settle();
  expect([ana.heard, bob.heard]).toEqual([ana.heard, ana.heard]);
  expect(ana.heard.at(-1)).toBe("-dan");
  expect(ana.heard.some((word) => word.includes("members=dan,eve"))).toBe(true);
  expect(cy.heard).toEqual(["on"]);
});

test("where it is not known what changed and nobody watches, nobody asks", async () => {
  const { opened, channels, link, join, member } = await openRoom();
  const asks = () => link.asked.filter((asked) => asked.startsWith("members")).length;
  // Nobody is on the channel.
  link.meetUnheard("eve");
  await join(member("ana"), { watches: false });
  link.meetUnheard("fay");
  expect(asks()).toBe(0);
  const bob = member("bob");
  await join(bob);
  channels.leave(bob, "chat/lobby");
  link.meetUnheard("gil");
  await opened.settle();
  expect(asks()).toBe(1);
});

test("that the broker can't say it then is told", async () => {
  const { opened, link, join, member } = await openRoom();
  const ana = member("ana");
  await join(ana);
  link.failLater("members")(new Error("away"));
  link.store();
  link.say();
  await opened.settle();
  expect(opened.errors).toEqual([["presence", "Error: away"]]);
  expect(ana.heard).toEqual(["on members=", "gap", "2"]);
});
