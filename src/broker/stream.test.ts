import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Publication } from "./broker.js";
import { Stream } from "./stream.js";

const publication = (payload: unknown, more: Partial<Publication> = {}): Publication => ({
  channel: "c",
  type: "said",
  payloadJson: JSON.stringify(payload),
  except: undefined,
  keep: { size: 3, ttlMs: 1_000 },
  ...more,
});
const offsets = (stream: Stream, nowMs: number, after?: number) =>
  stream.read({ after, limit: 100 }, nowMs).events.map(({ offset }) => offset);

test("what is older than its time is gone to the millisecond, and missing from then on", () => {
  const stream = new Stream("e1");
  stream.append(publication(1), 0);
  stream.append(publication(2), 500);
  expect(offsets(stream, 999)).toEqual([1, 2]);
  expect(offsets(stream, 1_000)).toEqual([2]);
  expect(stream.read({ after: 0, limit: 9 }, 1_000).isComplete).toBe(false);
  expect(stream.read({ after: 1, limit: 9 }, 1_000).isComplete).toBe(true);
  expect(offsets(stream, 1_500)).toEqual([]);
  expect(stream.read({ after: 1, limit: 9 }, 1_500).isComplete).toBe(false);
  expect(stream.position).toEqual({ epoch: "e1", offset: 2 });
});

test("a key is remembered for 5 minutes, and forgotten with the epoch", () => {
  const stream = new Stream("e1");
  const first = publication("a", { key: "k" });
  stream.append(first, 0);
  expect(stream.findRepeat(first, 299_999)).toEqual({ epoch: "e1", offset: 1 });
  expect(stream.findRepeat(publication("b"), 0)).toBeUndefined();
  expect(stream.findRepeat(first, 300_000)).toBeUndefined();
  stream.append(first, 400_000);
  stream.restart("e2");
  expect(stream.findRepeat(first, 400_001)).toBeUndefined();
  stream.append(first, 500_000);
  expect(stream.findRepeat(first, 700_000)).toEqual({ epoch: "e2", offset: 1 });
});

test("after a restart it is another stream, that remembers nothing", () => {
  const stream = new Stream("e1");
  for (const n of [1, 2]) stream.append(publication(n, { key: `k${n}` }), 0);
  expect(stream.bytes).toBeGreaterThan(0);
  stream.restart("e2");
  expect(stream.bytes).toBe(0);
  expect(stream.position).toEqual({ epoch: "e2", offset: 0 });
  expect(offsets(stream, 0)).toEqual([]);
});

test("one that keeps nothing and has no keys takes up nothing", () => {
  const stream = new Stream("e1");
  stream.append(publication("x", { keep: undefined }), 0);
  expect(stream.bytes).toBe(0);
  stream.append(publication("x", { keep: undefined, key: "k" }), 0);
  expect(stream.bytes).toBeGreaterThan(0);
});

test("whatever is published when, a page is what a list of everything would give", () => {
  const call = fc.record({ waitMs: fc.nat(400), size: fc.constantFrom(undefined, 1, 2, 5) });
  const asked = fc.record({
    after: fc.option(fc.nat(25), { nil: undefined }),
    before: fc.option(fc.nat(25), { nil: undefined }),
    limit: fc.integer({ min: 1, max: 6 }),
  });
  const property = fc.property(fc.array(call, { maxLength: 20 }), asked, fc.nat(1_500), (calls, range, waitMs) => {
    const stream = new Stream("e1");
    let [nowMs, model] = [0, [] as { offset: number; untilMs: number }[]];
    for (const [index, { waitMs: wait, size }] of calls.entries()) {
      nowMs += wait;
      stream.append(publication(index, { keep: size && { size, ttlMs: 1_000 } }), nowMs);
      if (size !== undefined) model = [...model, { offset: index + 1, untilMs: nowMs + 1_000 }].slice(-size);
      model = model.filter(({ untilMs }) => untilMs > nowMs);
    }
    nowMs += waitMs;
    model = model.filter(({ untilMs }) => untilMs > nowMs);
    const all = model.map(({ offset }) => offset);
    const { after, before = Number.POSITIVE_INFINITY, limit } = range;
    const wanted = all.filter((offset) => offset > (after ?? 0) && offset < before);
    const page = stream.read(range, nowMs);
    expect(page.events.map(({ offset }) => offset)).toEqual(
      after === undefined ? wanted.slice(-limit) : wanted.slice(0, limit),
    );
    expect(page.offset).toBe(calls.length);
  });
  fc.assert(property, { numRuns: 500 });
});

const subjects = ["t1", "t2", "t3", undefined] as const;

test("whatever is said about whom, a page is what a list of everything would give, and is whole where nothing was lost", () => {
  const call = fc.record({
    waitMs: fc.nat(300),
    name: fc.constantFrom(...subjects),
    part: fc.constantFrom(undefined, undefined, "first", "last"),
  } as const);
  const property = fc.property(fc.array(call, { maxLength: 30 }), fc.nat(32), fc.nat(600), (calls, after, endMs) => {
    const stream = new Stream("e1");
    const model = new Model();
    let nowMs = 0;
    for (const { waitMs, name, part } of calls) {
      nowMs += waitMs;
      const subject = name === undefined ? undefined : { name, part };
      const event = publication("x", { keep: { size: 3, ttlMs: 1_000, subject } });
      const repeated = stream.findRepeat(event, nowMs)?.offset;
      expect(repeated).toBe(model.endOf(name, part, nowMs));
      if (repeated !== undefined) continue;
      stream.append(event, nowMs);
      model.append(name, part, nowMs);
    }
    nowMs += endMs;
    const page = stream.read({ after, limit: 100 }, nowMs);
    expect(page.events.map(({ offset }) => offset)).toEqual(model.keptAfter(after, nowMs));
    expect(page.isComplete).toBe(model.isWholeAfter(after, nowMs));
  });
  fc.assert(property, { numRuns: 1_000 });
});

type Told = {
  readonly offset: number;
  readonly name: string | undefined;
  readonly isEnd: boolean;
  readonly untilMs: number;
};

/** Keeps all that was ever said, and says of each whether it is kept: slow, and hard to get wrong. */
class Model {
  readonly #told: Told[] = [];
  /** What another took the place of while it was kept. */
  readonly #replaced = new Set<Told>();
  /** What there was no room for, or no time. */
  readonly #lost = new Set<Told>();

  append(name: string | undefined, part: "first" | "last" | undefined, nowMs: number): void {
    for (const old of this.#kept(nowMs)) if (name !== undefined && old.name === name) this.#replaced.add(old);
    const isEnd = name !== undefined && part === "last";
    this.#told.push({ offset: this.#told.length + 1, name, isEnd, untilMs: nowMs + 1_000 });
    for (let kept = this.#kept(nowMs); kept.length > 3; kept = this.#kept(nowMs)) {
      const older = kept.slice(0, -1);
      const gone = older.find(({ isEnd }) => isEnd) ?? older[0];
      if (gone !== undefined) this.#lost.add(gone);
    }
  }

  endOf(name: string | undefined, part: "first" | "last" | undefined, nowMs: number): number | undefined {
    if (name === undefined || part === "first") return undefined;
    return this.#kept(nowMs).find((each) => each.name === name && each.isEnd)?.offset;
  }

  keptAfter(offset: number, nowMs: number): number[] {
    return this.#kept(nowMs).flatMap((each) => (each.offset > offset ? each.offset : []));
  }

  isWholeAfter(offset: number, nowMs: number): boolean {
    this.#kept(nowMs);
    return ![...this.#lost].some((each) => each.offset > offset);
  }

  #kept(nowMs: number): Told[] {
    const there = this.#told.filter((each) => !this.#replaced.has(each) && !this.#lost.has(each));
    for (const old of there) if (old.untilMs <= nowMs) this.#lost.add(old);
    return there.filter((each) => !this.#lost.has(each));
  }
}

test("what took the place of another, or had to go, takes up no more than as much that was only kept", () => {
  const about = (name: string, part?: "last") =>
    publication("x", { keep: { size: 3, ttlMs: 1_000, subject: { name, part } } });
  const [plain, busy] = [new Stream("e1"), new Stream("e1")];
  for (const name of ["t1", "t2", "t3"]) plain.append(about(name), 0);
  for (const name of ["t1", "t1", "t2"]) busy.append(about(name), 0);
  for (const name of ["t8", "t9"]) busy.append(about(name, "last"), 0);
  busy.append(about("t3"), 0);
  expect(busy.bytes).toBe(plain.bytes);
  busy.read({ limit: 9 }, 1_000);
  plain.read({ limit: 9 }, 1_000);
  expect(busy.bytes).toBe(plain.bytes);
});

test("a stream that begins anew has forgotten what has ended", () => {
  const stream = new Stream("e1");
  const about = (name: string, part?: "last") =>
    publication("x", { keep: { size: 3, ttlMs: 1_000, subject: { name, part } } });
  for (const name of ["t2", "t3"]) stream.append(about(name), 0);
  stream.append(about("t1", "last"), 0);
  expect(stream.findRepeat(about("t1"), 0)).toEqual({ epoch: "e1", offset: 3 });
  stream.restart("e2");
  expect(stream.findRepeat(about("t1"), 0)).toBeUndefined();
  for (const name of ["t1", "t2", "t3", "t4"]) stream.append(about(name), 0);
  expect(offsets(stream, 0)).toEqual([2, 3, 4]);
});
