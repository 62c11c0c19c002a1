import { describe, expect, test } from "vitest";
import { type CreateBroker, connectProcesses, type Process, publicationOf } from "./broker.js";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

export function describeEvents(create: CreateBroker): void {
  describe("an event", () => describeOneEvent(create));
  describe("a channel", () => describeChannel(create));
}

function describeOneEvent(create: CreateBroker): void {
  test("reaches every process that listens, the publisher's own before `publish` resolves", async () => {
    await using processes = await connectProcesses(create, 3);
    const [a, b, c] = processes.all as [Process, Process, Process];
    for (const { link } of [a, b]) await link.subscribe("chat/a");
    await a.publish("chat/a", "hi");
    expect(a.node.heard("chat/a")).toEqual(["hi"]);
    await b.node.until(() => b.node.events.length > 0);
    await processes.settle();
    expect(b.node.heard("chat/a")).toEqual(["hi"]);
    expect(c.node.heard("chat/a")).toEqual([]);
  });

  test("of a process that does not listen reaches the others", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/a");
    await a.publish("chat/a", "hi");
    await b.node.until(() => b.node.events.length > 0);
    expect(a.node.events).toEqual([]);
  });

  test("that nobody listens to is taken all the same", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    expect(await a.publish("chat/a", "hi")).toEqual({ epoch: expect.any(String), offset: expect.any(Number) });
  });

  test("is told as it was published, with the position that `publish` resolves with", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const channel = "chat/Zürich — 太 🎉/$:%2F*";
    await a.link.subscribe(channel);
    const event = { channel, type: "x.y:z-1_", payloadJson: '{"a":1}', except: "connection-1" };
    const { epoch, offset } = await a.link.publish(event);
    expect(a.node.events).toEqual([expect.objectContaining({ ...event, epoch, offset })]);
    await a.link.publish({ ...event, except: undefined });
    expect(a.node.events[1]?.except).toBeUndefined();
  });

  test("of which only the latest matters says so to who hears it, and not in the history", async () => {
    await using processes = await connectProcesses(create, 2);
    const keep = { size: 5, ttlMs: 60_000 };
    const [a, b] = processes.all as [Process, Process];
    for (const { link } of [a, b]) await link.subscribe("chat/a");
    await a.link.publish({ ...publicationOf("chat/a", 1), keep, latestOf: "BTC" });
    await a.link.publish({ ...publicationOf("chat/a", 2), keep });
    for (const { node } of [a, b]) {
      await node.until(() => node.events.length === 2);
      expect(node.events.map(({ latestOf }) => latestOf)).toEqual(["BTC", undefined]);
    }
    const { events } = await b.link.read("chat/a", { limit: 10 });
    expect(events.map(({ payloadJson }) => payloadJson)).toEqual(["1", "2"]);
    for (const event of events) expect(event).not.toHaveProperty("latestOf");
  });

  test("that is part of a trace says so to who hears it, and not in the history", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    for (const [channel, keep] of [
      ["chat/live", undefined],
      ["chat/kept", { size: 5, ttlMs: 60_000 }],
    ] as const) {
      for (const { link } of [a, b]) await link.subscribe(channel, keep !== undefined);
      await a.link.publish({ ...publicationOf(channel, 1), keep, trace: TRACE });
      await a.link.publish({ ...publicationOf(channel, 2), keep });
    }
    for (const { node } of [a, b]) {
      await node.until(() => node.events.length === 4);
      expect(node.events.map(({ trace }) => trace)).toEqual([TRACE, undefined, TRACE, undefined]);
    }
    const { events } = await b.link.read("chat/kept", { limit: 10 });
    expect(events.map(({ payloadJson }) => payloadJson)).toEqual(["1", "2"]);
    for (const event of events) expect(event).not.toHaveProperty("trace");
  });

  test.each([
    ["text of every kind", JSON.stringify("é太🎉\u2028\u2029\u0000\\\"'\r\n")],
    ["what JavaScript would write in another way", ' { "n" : 12345678901234567890, "n" : 1.0e2 } '],
    ["100 KB", JSON.stringify({ text: "x".repeat(100_000) })],
    ["nothing much", "null"],
  ])("keeps its payload's text: %s", async (_, payloadJson) => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/a");
    await a.link.publish({ channel: "chat/a", type: "said", payloadJson, except: undefined });
    await b.node.until(() => b.node.events.length > 0);
    expect(b.node.events[0]?.payloadJson).toBe(payloadJson);
  });
}

function describeChannel(create: CreateBroker): void {
  test("has one order over all processes, and each publisher's own order in it", async () => {
    await using processes = await connectProcesses(create, 3);
    const { all } = processes;
    for (const { link } of all) await link.subscribe("chat/a");
    await Promise.all(
      all.flatMap((process, who) => numbers(100).map((number) => process.publish("chat/a", [who, number]))),
    );
    for (const { node } of all) await node.until(() => node.events.length === 300);
    const [first, ...others] = all.map(({ node }) => node.events);
    for (const events of others) expect(events).toEqual(first);
    for (const who of [0, 1, 2]) {
      const own = ((all[who]?.node.heard("chat/a") ?? []) as [number, number][]).filter(
        ([publisher]) => publisher === who,
      );
      expect(own.map(([, number]) => number)).toEqual(numbers(100));
    }
  });

  test("has offsets that rise by one within an epoch", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const start = await a.link.subscribe("chat/a");
    for (const number of numbers(20)) await (number % 2 === 0 ? a : b).publish("chat/a", number);
    await a.node.until(() => a.node.events.length === 20);
    expect(a.node.events.map(({ epoch, offset }) => ({ epoch, offset }))).toEqual(
      numbers(20).map((number) => ({ epoch: start.epoch, offset: start.offset + 1 + number })),
    );
    expect(start.epoch).toMatch(/^.{1,32}$/);
    expect(a.node.events[0]?.offset).toBeGreaterThanOrEqual(1);
  });

  test("tells a process that comes later where it is", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.subscribe("chat/a");
    const last = [await a.publish("chat/a", 1), await a.publish("chat/a", 2)].at(-1);
    expect(await b.link.subscribe("chat/a")).toEqual({ epoch: last?.epoch, offset: last?.offset });
    await a.publish("chat/a", 3);
    await b.node.until(() => b.node.events.length > 0);
    expect(b.node.events).toEqual([expect.objectContaining({ epoch: last?.epoch, offset: Number(last?.offset) + 1 })]);
  });

  test("is not heard by a process that left it, and goes on for the others", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    for (const { link } of [a, b]) await link.subscribe("chat/a");
    await b.publish("chat/a", "before");
    await a.node.until(() => a.node.events.length === 1);
    await a.link.unsubscribe("chat/a");
    await b.publish("chat/a", "after");
    await a.publish("chat/a", "of its own");
    await processes.settle();
    expect(a.node.heard("chat/a")).toEqual(["before"]);
    expect(b.node.heard("chat/a")).toEqual(["before", "after", "of its own"]);
    const offsets = b.node.events.filter(({ channel }) => channel === "chat/a").map(({ offset }) => offset);
    expect(offsets).toEqual([0, 1, 2].map((more) => Number(offsets[0]) + more));
  });

  test("is heard again by a process that comes back", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    for (const _ of numbers(3)) {
      await a.link.subscribe("chat/a");
      await a.link.unsubscribe("chat/a");
    }
    await a.link.subscribe("chat/a");
    await b.publish("chat/a", "hi");
    await a.node.until(() => a.node.events.length > 0);
    await processes.settle();
    expect(a.node.heard("chat/a")).toEqual(["hi"]);
  });

  test("that a process is not on can be left without an error", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    await a.link.unsubscribe("chat/a");
  });

  test("is no other channel: neither one whose name begins alike, nor one that would match as a pattern", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const others = [
      "chat/a/b",
      "chat",
      "chat/A",
      "chat/*",
      "chat/?",
      "chat/[a]",
      "chat/a ",
      "chat/\u00e1",
      "chat/a\u0301",
    ];
    await a.link.subscribe("chat/a");
    for (const channel of others) await b.publish(channel, channel);
    await b.publish("chat/a", "mine");
    await a.node.until(() => a.node.heard("chat/a").length > 0);
    await processes.settle();
    expect(a.node.events.map(({ channel }) => channel).filter((channel) => !channel.startsWith("fence"))).toEqual([
      "chat/a",
    ]);
  });
}
