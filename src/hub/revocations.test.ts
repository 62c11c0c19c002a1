import fc from "fast-check";
import { expect, test } from "vitest";
import type { Revocation } from "../broker/broker.js";
import { Revocations } from "./revocations.js";

function holding(maxCount: number, ...given: Revocation[]) {
  let forgotten = 0;
  const revocations = new Revocations({
    maxCount,
    onForgotten: (count) => {
      forgotten += count;
    },
  });
  for (const revocation of given) revocations.add(revocation);
  return { revocations, forgotten: () => forgotten };
}

const ofUser = (user: string, revokedAtMs: number, untilMs?: number): Revocation => ({ user, revokedAtMs, untilMs });
const ofToken = (tokenId: string, revokedAtMs: number, untilMs?: number): Revocation => ({
  tokenId,
  revokedAtMs,
  untilMs,
});
const token = (tokenId: string) => ({ user: "ana", tokenId, issuedAtMs: undefined });
const issued = (user: string, issuedAtMs: number | undefined) => ({ user, tokenId: undefined, issuedAtMs });

test("a token is refused by its id, whenever it was issued", () => {
  const { revocations } = holding(10, ofToken("t1", 5_000));
  expect(revocations.covers(token("t1"), 5_000)).toBe(true);
  expect(revocations.covers({ user: "ana", tokenId: "t1", issuedAtMs: 9_000 }, 9_000)).toBe(true);
  expect(revocations.covers(token("t2"), 5_000)).toBe(false);
});

test.each([
  ["before the revocation", 4_000, true],
  ["in its very millisecond", 5_000, true],
  ["after it", 5_001, false],
  ["nobody knows when", undefined, false],
])("a user's token issued %s: refused is %s", (_, issuedAtMs, isRefused) => {
  const { revocations } = holding(10, ofUser("ana", 5_000));
  expect(revocations.covers(issued("ana", issuedAtMs), 6_000)).toBe(isRefused);
  expect(revocations.covers(issued("ben", issuedAtMs), 6_000)).toBe(false);
});

test("a JWT issued in the very second of the revocation is refused, since its iat has whole seconds", () => {
  const { revocations } = holding(10, ofUser("ana", 5_400));
  // Issued at 5,700 ms, and it says 5 s.
  expect(revocations.covers(issued("ana", 5_000), 5_700)).toBe(true);
  expect(revocations.covers(issued("ana", 6_000), 6_000)).toBe(false);
});

test("a token that its user's revocation does not cover may be revoked by its id, and the other way round", () => {
  const { revocations } = holding(10, ofUser("ana", 5_000), ofToken("t1", 6_000));
  expect(revocations.covers({ user: "ana", tokenId: "t1", issuedAtMs: 5_500 }, 7_000)).toBe(true);
  expect(revocations.covers({ user: "ana", tokenId: "t2", issuedAtMs: 5_000 }, 7_000)).toBe(true);
  expect(revocations.covers({ user: "ana", tokenId: "t2", issuedAtMs: 5_500 }, 7_000)).toBe(false);
});

test("a user and a token of the same name are two things", () => {
  const { revocations } = holding(10, ofUser("same", 5_000));
  expect(revocations.covers({ user: "ana", tokenId: "same", issuedAtMs: 1 }, 5_000)).toBe(false);
  expect(revocations.size).toBe(1);
});

test("an expired one refuses nobody, from its millisecond on", () => {
  const { revocations } = holding(10, ofToken("t1", 5_000, 6_000), ofUser("ana", 5_000, 6_000));
  expect(revocations.covers(token("t1"), 5_999)).toBe(true);
  expect(revocations.covers(issued("ana", 5_000), 5_999)).toBe(true);
  expect(revocations.covers(token("t1"), 6_000)).toBe(false);
  expect(revocations.covers(issued("ana", 5_000), 6_000)).toBe(false);
});

test("a repeat replaces", () => {
  const { revocations, forgotten } = holding(1, ofUser("ana", 5_000, 6_000), ofUser("ana", 7_000));
  expect(revocations.size).toBe(1);
  expect(revocations.covers(issued("ana", 6_500), 8_000)).toBe(true);
  expect(forgotten()).toBe(0);
});

test("where all places are taken the oldest is forgotten, and that is told", () => {
  const { revocations, forgotten } = holding(2, ofToken("a", 1), ofToken("b", 2), ofToken("c", 3));
  expect(["a", "b", "c"].map((id) => revocations.covers(token(id), 3))).toEqual([false, true, true]);
  expect([revocations.size, forgotten()]).toEqual([2, 1]);
});

test("a repeated one becomes the newest: another is forgotten before it", () => {
  const { revocations } = holding(2, ofToken("a", 1), ofToken("b", 2), ofToken("a", 3), ofToken("c", 4));
  expect(["a", "b", "c"].map((id) => revocations.covers(token(id), 4))).toEqual([true, false, true]);
});

test("expired ones make room first, and nothing is told of them", () => {
  const { revocations, forgotten } = holding(2, ofToken("a", 1), ofToken("b", 2, 10), ofToken("c", 10));
  expect(["a", "b", "c"].map((id) => revocations.covers(token(id), 10))).toEqual([true, false, true]);
  expect([revocations.size, forgotten()]).toEqual([2, 0]);
});

test("what time it is can be known from a question as well", () => {
  const { revocations, forgotten } = holding(2, ofToken("a", 1), ofToken("b", 2, 10));
  revocations.covers(token("a"), 10);
  revocations.add(ofToken("c", 9));
  expect(revocations.covers(token("a"), 10)).toBe(true);
  expect(forgotten()).toBe(0);
});

test("one that comes too late, already expired, pushes out nothing that holds", () => {
  const { revocations, forgotten } = holding(2, ofToken("a", 50), ofToken("b", 50), ofToken("c", 1, 20));
  expect(["a", "b"].map((id) => revocations.covers(token(id), 50))).toEqual([true, true]);
  expect([revocations.size, forgotten()]).toEqual([2, 0]);
});

test("a replaced one's expiry does not take the new one with it", () => {
  const { revocations, forgotten } = holding(1, ofToken("a", 1, 10), ofToken("a", 2, 100), ofToken("b", 20));
  expect(forgotten()).toBe(1);
  expect(revocations.covers(token("b"), 20)).toBe(true);
});

test("a hundred thousand places, all taken, take a hundred thousand more at once", () => {
  const count = 100_000;
  const { revocations, forgotten } = holding(count);
  for (let index = 0; index < count; index += 1)
    revocations.add(ofToken(`old ${index}`, 0, 1 + ((index * 7_919) % count)));
  // One more expires with each that comes: a sweep for each would be 10^10 looks.
  for (let index = 0; index < count; index += 1) revocations.add(ofToken(`new ${index}`, index + 1));
  expect([revocations.size, forgotten()]).toEqual([count, 0]);
  expect(revocations.covers(token("new 0"), count)).toBe(true);
});

/** The naive way: a list, the oldest first. */
class Model {
  held: Revocation[] = [];
  forgotten = 0;
  #nowMs = 0;
  readonly #maxCount: number;

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  add(revocation: Revocation): void {
    this.#nowMs = Math.max(this.#nowMs, revocation.revokedAtMs);
    this.held = [...this.held.filter((other) => nameOf(other) !== nameOf(revocation)), revocation];
    if (this.held.length > this.#maxCount) this.held = this.held.filter((other) => holds(other, this.#nowMs));
    if (this.held.length > this.#maxCount) {
      this.held = this.held.slice(1);
      this.forgotten += 1;
    }
  }

  covers(credential: { user: string; tokenId: string; issuedAtMs: number | undefined }, nowMs: number): boolean {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const { user, tokenId, issuedAtMs } = credential;
    return this.held
      .filter((held) => holds(held, nowMs))
      .some((held) =>
        "user" in held
          ? held.user === user && issuedAtMs !== undefined && issuedAtMs <= held.revokedAtMs
          : held.tokenId === tokenId,
      );
  }
}

const nameOf = (revocation: Revocation): string =>
  "user" in revocation ? `user ${revocation.user}` : `token ${revocation.tokenId}`;
const holds = ({ untilMs }: Revocation, nowMs: number): boolean => untilMs === undefined || untilMs > nowMs;

const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
const step = fc.record({
  passedMs: fc.nat(5),
  isOfUser: fc.boolean(),
  revoked: name,
  forMs: fc.option(fc.nat(60), { nil: undefined, freq: 5 }),
  asked: fc.record({ user: name, tokenId: name, agoMs: fc.option(fc.nat(40), { nil: undefined }) }),
});

test("whatever is revoked and asked, the answer is that of a list", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 80, size: "max" }), (maxCount, steps) => {
      const model = new Model(maxCount);
      const { revocations, forgotten } = holding(maxCount);
      let nowMs = 1_000;
      for (const { passedMs, isOfUser, revoked, forMs, asked } of steps) {
        nowMs += passedMs;
        const untilMs = forMs === undefined ? undefined : nowMs + forMs;
        const revocation = isOfUser ? ofUser(revoked, nowMs, untilMs) : ofToken(revoked, nowMs, untilMs);
        model.add(revocation);
        revocations.add(revocation);
        const issuedAtMs = asked.agoMs === undefined ? undefined : nowMs - asked.agoMs;
        const credential = { user: asked.user, tokenId: asked.tokenId, issuedAtMs };
        expect(revocations.covers(credential, nowMs)).toBe(model.covers(credential, nowMs));
        expect([revocations.size, forgotten()]).toEqual([model.held.length, model.forgotten]);
      }
    }),
    { numRuns: 500 },
  );
});

test("whatever expires in whatever order, and however often it is repeated, it makes room before what holds", () => {
  const given = fc.record({ id: fc.nat(25), lifeMs: fc.option(fc.nat(300), { nil: undefined, freq: 30 }) });
  fc.assert(
    fc.property(fc.array(given, { maxLength: 300, size: "max" }), (all) => {
      const model = new Model(20);
      const { revocations, forgotten } = holding(20);
      for (const [nowMs, { id, lifeMs }] of all.entries()) {
        const revocation = ofToken(String(id), nowMs, lifeMs === undefined ? undefined : nowMs + lifeMs);
        model.add(revocation);
        revocations.add(revocation);
        expect([revocations.size, forgotten()]).toEqual([model.held.length, model.forgotten]);
      }
    }),
    { numRuns: 200 },
  );
});
