import { describe, expect, test } from "vitest";
import type { HistoryRange, Publication } from "../../src/broker/broker.js";
import { type CreateBroker, connectProcesses, type Process, publicationOf } from "./broker.js";

const keep = { size: 3, ttlMs: 60_000 };
const long = { ...keep, size: 10 };
const kept = (payload: unknown, more: Partial<Publication> = {}): Publication => ({
  ...publicationOf("chat/a", payload),
  keep,
  ...more,
});

export function describeHistory(create: CreateBroker): void {
  describe("history", () => describeReading(create));
  describe("a key", () => describeKeys(create));
  describe("a subject", () => describeSubjects(create));
}

function describeReading(create: CreateBroker): void {
  test("is what was published, oldest first, with its offsets, for any process", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const first = await a.link.publish(kept("one"));
    const second = await a.link.publish(kept("two"));
    expect(second).toEqual({ epoch: first.epoch, offset: first.offset + 1 });
    const page = await b.link.read("chat/a", { limit: 10 });
    expect(page).toEqual({
      epoch: first.epoch,
      offset: second.offset,
      events: [
        { offset: first.offset, type: "said", payloadJson: '"one"' },
        { offset: second.offset, type: "said", payloadJson: '"two"' },
      ],
      isComplete: true,
    });
  });

  test("has the newest `size` events, and says where the hole is", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const { offset: before } = await a.link.subscribe("chat/a");
    for (const n of [1, 2, 3, 4, 5]) await a.link.publish(kept(n));
    const offsetsAfter = async (after: number) => {
      const { events, isComplete } = await a.link.read("chat/a", { after: before + after, limit: 10 });
      return [events.map(({ payloadJson }) => Number(payloadJson)), isComplete];
    };
    expect(await offsetsAfter(0)).toEqual([[3, 4, 5], false]);
    expect(await offsetsAfter(1)).toEqual([[3, 4, 5], false]);
    expect(await offsetsAfter(2)).toEqual([[3, 4, 5], true]);
    expect(await offsetsAfter(4)).toEqual([[5], true]);
    expect(await offsetsAfter(5)).toEqual([[], true]);
  });

  test("is read in pages, both ways", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    for (const n of [1, 2, 3, 4]) await a.link.publish(kept(n, { keep: { size: 10, ttlMs: 60_000 } }));
    const { offset: newest } = await a.link.read("chat/a", { limit: 1 });
    const payloads = async (range: { after?: number; before?: number; limit: number }) =>
      (await a.link.read("chat/a", range)).events.map(({ payloadJson }) => Number(payloadJson));
    expect(await payloads({ limit: 2 })).toEqual([3, 4]);
    expect(await payloads({ before: newest - 1, limit: 2 })).toEqual([1, 2]);
    expect(await payloads({ after: newest - 4, limit: 2 })).toEqual([1, 2]);
    expect(await payloads({ after: newest - 2, limit: 2 })).toEqual([3, 4]);
    expect(await payloads({ after: newest - 3, before: newest, limit: 9 })).toEqual([2, 3]);
  });

  test("is as much as has room in so many bytes of payload, one event at least, both ways", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    // Eight bytes each, and some beside the payload that do not count.
    for (const n of [1, 2, 3, 4]) await a.link.publish(kept(`ä-00${n}`, { type: "said-at-length", keep: long }));
    const { offset: newest } = await a.link.read("chat/a", { limit: 1 });
    const found = async (range: Omit<HistoryRange, "limit">, limit = 10) => {
      const { events, isComplete, ...position } = await a.link.read("chat/a", { limit, ...range });
      expect([isComplete, position.offset]).toEqual([true, newest]);
      return events.map(({ payloadJson }) => Number(payloadJson.slice(4, -1)));
    };
    expect(await found({ bytes: 32 })).toEqual([1, 2, 3, 4]);
    expect(await found({ bytes: 31 })).toEqual([2, 3, 4]);
    expect(await found({ bytes: 31 }, 2)).toEqual([3, 4]);
    expect(await found({ bytes: 23, before: newest })).toEqual([2, 3]);
    expect(await found({ bytes: 16, after: newest - 3 })).toEqual([2, 3]);
    expect(await found({ bytes: 15, after: newest - 3 })).toEqual([2]);
    expect(await found({ bytes: 0, after: newest - 3 })).toEqual([2]);
    expect(await found({ bytes: 0 })).toEqual([4]);
    expect(await found({ bytes: 0 }, 0)).toEqual([]);
    expect(await found({ bytes: 0, before: newest - 4 })).toEqual([]);
  });

  test("of large events has room in so many bytes as well, to the byte", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    for (const letter of ["a", "b", "c", "d"]) await a.link.publish(kept(letter.repeat(99_998), { keep: long }));
    for (const [bytes, letters] of [
      [99_999, "d"],
      [299_999, "cd"],
      [300_000, "bcd"],
      [399_999, "bcd"],
      [400_000, "abcd"],
    ] as const) {
      const { events } = await a.link.read("chat/a", { limit: 10, bytes });
      expect([bytes, events.map(({ payloadJson }) => payloadJson[1]).join("")]).toEqual([bytes, letters]);
    }
  });

  test("of which nothing is wanted tells where the stream is", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const first = await a.link.publish(kept("one"));
    const position = await a.link.publish(kept("two"));
    for (const range of [{}, { before: position.offset }, { after: first.offset - 1 }]) {
      expect(await a.link.read("chat/a", { ...range, limit: 0 })).toEqual({
        ...position,
        events: [],
        isComplete: true,
      });
    }
  });

  test("of a channel that keeps nothing is empty, and tells that something is missing", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const { epoch, offset } = await a.link.subscribe("chat/a");
    await a.publish("chat/a", "hi");
    const page = await a.link.read("chat/a", { after: offset, limit: 10 });
    expect(page).toEqual({ epoch, offset: offset + 1, events: [], isComplete: false });
  });

  test("lives on when nobody listens any more, and its stream with it", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    await a.link.subscribe("chat/a");
    const { epoch, offset } = await a.link.publish(kept("one"));
    await a.link.unsubscribe("chat/a");
    expect(await a.link.publish(kept("two"))).toEqual({ epoch, offset: offset + 1 });
    expect(await a.link.subscribe("chat/a")).toEqual({ epoch, offset: offset + 1 });
    expect((await a.link.read("chat/a", { after: offset, limit: 10 })).events).toHaveLength(1);
  });
}

function describeSubjects(create: CreateBroker): void {
  const about = (name: string, payload: unknown, part?: "first" | "last") =>
    kept(payload, { keep: { ...keep, subject: { name, part } } });
  const page = async ({ link }: Process, after?: number) => {
    const { events, isComplete } = await link.read("chat/a", { after, limit: 10 });
    return [events.map(({ payloadJson }) => JSON.parse(payloadJson)), isComplete];
  };

  test("has its latest event kept alone, in the place of that one, and the others count no more", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/a");
    for (const [name, payload] of [
      ["t1", 1],
      ["t2", 2],
      ["t1", 3],
      ["t1", 4],
      ["t3", 5],
    ] as const) {
      await a.link.publish(about(name, payload));
    }
    expect(await page(b)).toEqual([[2, 4, 5], true]);
    await processes.settle();
    expect(b.node.heard("chat/a")).toEqual([1, 2, 3, 4, 5]);
  });

  test("whose earlier events are replaced is not missing for who comes back, and whose latest is gone is", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const { offset: before } = await a.link.subscribe("chat/a");
    for (const name of ["t1", "t2", "t1", "t1"]) await a.link.publish(about(name, name));
    expect(await page(a, before)).toEqual([["t2", "t1"], true]);
    expect(await page(a, before + 2)).toEqual([["t1"], true]);
    for (const name of ["t3", "t4"]) await a.link.publish(about(name, name));
    expect(await page(a, before)).toEqual([["t1", "t3", "t4"], false]);
    expect(await page(a, before + 1)).toEqual([["t1", "t3", "t4"], false]);
    expect(await page(a, before + 2)).toEqual([["t1", "t3", "t4"], true]);
  });

  test("has one end, whichever process says it: what follows is a repeat, until it begins anew", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/a");
    await a.link.publish(about("t1", "begins", "first"));
    const end = await b.link.publish(about("t1", "ends", "last"));
    expect(await a.link.publish(about("t1", "ends otherwise", "last"))).toEqual(end);
    expect(await a.link.publish(about("t1", "is late"))).toEqual(end);
    expect(await page(a)).toEqual([["ends"], true]);
    const anew = await a.link.publish(about("t1", "begins anew", "first"));
    expect(anew).toEqual({ epoch: end.epoch, offset: end.offset + 1 });
    await a.link.publish(about("t1", "goes on"));
    await processes.settle();
    expect(b.node.heard("chat/a")).toEqual(["begins", "ends", "begins anew", "goes on"]);
    expect(await page(a)).toEqual([["goes on"], true]);
  });

  test("that has ended makes room for others first, the oldest before the newer, and for an older one that goes on", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const { offset: before } = await a.link.subscribe("chat/a");
    await a.link.publish(about("t1", "t1 goes on"));
    for (const name of ["t2", "t3", "t4", "t5"]) await a.link.publish(about(name, `${name} ends`, "last"));
    expect(await page(a, before)).toEqual([["t1 goes on", "t4 ends", "t5 ends"], false]);
    // What was lost stood behind the first of those that are kept.
    expect(await page(a, before + 1)).toEqual([["t4 ends", "t5 ends"], false]);
    expect(await page(a, before + 3)).toEqual([["t4 ends", "t5 ends"], true]);
    await a.link.publish(about("t6", "t6 goes on"));
    expect(await page(a, before + 4)).toEqual([["t5 ends", "t6 goes on"], true]);
    expect(await page(a, before + 3)).toEqual([["t5 ends", "t6 goes on"], false]);
  });

  test("that goes on makes room where none has ended, and then the newest event stays, also where it is an end", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    for (const name of ["t1", "t2", "t3", "t4"]) await a.link.publish(about(name, `${name} goes on`));
    expect(await page(a)).toEqual([["t2 goes on", "t3 goes on", "t4 goes on"], true]);
    const end = await a.link.publish(about("t1", "t1 ends", "last"));
    expect(await page(a)).toEqual([["t3 goes on", "t4 goes on", "t1 ends"], true]);
    expect(await a.link.publish(about("t1", "t1 is late"))).toEqual(end);
    await a.link.publish(about("t5", "t5 goes on"));
    expect(await page(a)).toEqual([["t3 goes on", "t4 goes on", "t5 goes on"], true]);
  });

  test("that begins anew after its end goes on, and makes room no sooner than others", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    await a.link.publish(about("t1", "t1 ends", "last"));
    await a.link.publish(about("t1", "t1 begins anew", "first"));
    await a.link.publish(about("t2", "t2 ends", "last"));
    for (const name of ["t3", "t4"]) await a.link.publish(about(name, `${name} goes on`));
    expect(await page(a)).toEqual([["t1 begins anew", "t3 goes on", "t4 goes on"], true]);
  });

  test("whose end is no longer kept has none", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    await a.link.publish(about("t1", "ends", "last"));
    for (const name of ["t2", "t3", "t4"]) await a.link.publish(about(name, name));
    await a.link.publish(about("t1", "goes on"));
    expect(await page(a)).toEqual([["t3", "t4", "goes on"], true]);
  });
}

function describeKeys(create: CreateBroker): void {
  test("makes a repeat of a publish: answered like the first, kept once, told once", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/a");
    const first = await a.link.publish(kept("one", { key: "k1" }));
    const other = await a.link.publish(kept("two", { key: "k2" }));
    expect(await b.link.publish(kept("another text", { key: "k1" }))).toEqual(first);
    expect(other.offset).toBe(first.offset + 1);
    await processes.settle();
    expect(b.node.heard("chat/a")).toEqual(["one", "two"]);
    expect((await a.link.read("chat/a", { limit: 10 })).events).toHaveLength(2);
  });

  test("is one channel's own, and works without history and without anybody who listens", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const publish = (channel: string) => a.link.publish({ ...publicationOf(channel, "x"), key: "k1" });
    const first = await publish("chat/a");
    expect(await publish("chat/a")).toEqual(first);
    await a.link.subscribe("chat/b");
    await publish("chat/b");
    await processes.settle();
    expect(a.node.heard("chat/b")).toEqual(["x"]);
  });
}
