import { expect, test } from "vitest";
import { Hearing } from "../../support/redis/chaos/hearing.js";
import { Places } from "../../support/redis/chaos/places.js";

// Who judges the others: each way to break the promise is found, and no way to keep it is.

/** A client that stands at the 3rd event of epoch `a`. */
function hearingAt3(topic = "log/a"): Hearing {
  return new Hearing(topic, { epoch: "a", offset: 3 });
}

const acknowledged = (n: string, epoch: string | undefined, offset: number) => ({ topic: "log/a", n, epoch, offset });

test("what follows in its order is right", () => {
  const hearing = hearingAt3();
  hearing.event("x", 4);
  hearing.event("y", 5);
  expect(hearing.faults).toEqual([]);
  expect(hearing.position).toEqual({ epoch: "a", offset: 5 });
  expect(hearing.accountsFor(acknowledged("x", "a", 4))).toBe(true);
});

test("what was acknowledged and neither heard nor told to be lost is missing", () => {
  const hearing = hearingAt3();
  expect(hearing.accountsFor(acknowledged("x", "a", 4))).toBe(false);
  expect(hearing.accountsFor(acknowledged("x", undefined, 4))).toBe(false);
});

test.each([
  ["an event before it is left out", "x", 5, "x is heard at 5, behind 3"],
  ["an event is told again", "x", 3, "x is heard at 3, behind 3"],
])("%s: a fault", (_, n, offset, fault) => {
  const hearing = hearingAt3();
  hearing.event(n, offset);
  expect(hearing.faults).toEqual([fault]);
});

test("one publish in two places is a double", () => {
  const hearing = hearingAt3();
  hearing.event("x", 4);
  hearing.event("x", 5);
  expect(hearing.faults).toEqual(["x is heard twice"]);
});

test("what a client has repeated by its key is there twice where both were lost, and nothing else is", () => {
  const hearing = hearingAt3();
  hearing.event("client:1", 4);
  hearing.event("x", 5);
  hearing.placed({ epoch: "b", offset: 0 });
  hearing.gap(0);
  hearing.event("client:1", 1);
  expect(hearing.faults).toEqual([]);
  hearing.event("client:1", 2);
  hearing.event("x", 3);
  expect(hearing.faults).toEqual(["client:1 is heard twice", "x is heard twice"]);
});

test("without history the same holds from gap to gap", () => {
  const hearing = new Hearing("live/a", undefined);
  hearing.event("client:1", undefined);
  hearing.gap(undefined);
  hearing.event("client:1", undefined);
  expect(hearing.faults).toEqual([]);
  hearing.event("client:1", undefined);
  expect(hearing.faults).toEqual(["client:1 is heard twice"]);
});

test("without history a double is one too, and a hole is none", () => {
  const hearing = new Hearing("live/a", undefined);
  for (const n of ["x", "y", "x"]) hearing.event(n, undefined);
  expect(hearing.faults).toEqual(["x is heard twice"]);
});

test("a gap accounts for what it passes over, and for nothing else", () => {
  const hearing = hearingAt3();
  hearing.placed({ epoch: "a", offset: 6 });
  hearing.gap(6);
  hearing.event("x", 7);
  expect(hearing.faults).toEqual([]);
  expect([4, 6, 7].map((offset) => hearing.accountsFor(acknowledged("lost", "a", offset)))).toEqual([
    true,
    true,
    false,
  ]);
});

test("a gap to another epoch accounts for the end of the one, the beginning of the other, and all in between", () => {
  const hearing = hearingAt3();
  hearing.placed({ epoch: "c", offset: 2 });
  hearing.gap(2);
  hearing.event("x", 3);
  expect(hearing.faults).toEqual([]);
  const lost = [acknowledged("l", "a", 4), acknowledged("l", "b", 99), acknowledged("l", "c", 2)];
  expect(lost.map((each) => hearing.accountsFor(each))).toEqual([true, true, true]);
  const owed = [acknowledged("o", "a", 3), acknowledged("o", "c", 3)];
  expect(owed.map((each) => hearing.accountsFor(each))).toEqual([false, false]);
});

test("another epoch to which no gap has led is a fault", () => {
  const hearing = hearingAt3();
  hearing.placed({ epoch: "b", offset: 3 });
  hearing.event("x", 4);
  expect(hearing.faults).toEqual(["x is of b, and no gap has led there from a"]);
});

test("a gap of which the client was told something else than the server said is a fault", () => {
  const hearing = hearingAt3();
  hearing.placed({ epoch: "a", offset: 6 });
  hearing.gap(5);
  expect(hearing.faults).toEqual(["a gap up to 5, where the server said 6"]);
});

test("two events in one place are a fault, whoever tells of them", () => {
  const places = new Places();
  places.heard("log/a", "x", { epoch: "a", offset: 4 });
  places.acknowledged(acknowledged("x", "a", 4));
  places.acknowledged(acknowledged("x", undefined, 4));
  expect(places.faults).toEqual([]);
  places.acknowledged(acknowledged("y", "a", 4));
  expect(places.faults).toEqual(["log/a a 4 is x to one, and y to another"]);
});
