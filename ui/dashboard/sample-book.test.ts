import { expect, test } from "vitest";
import type { ProcessSample } from "../../src/dashboard/contract.js";
import { KEPT_SECONDS } from "./process-log.js";
import { SampleBook } from "./sample-book.js";

/** A whole second of the processes' clocks; the page's own begins at 0. */
const begin = 1_000_000_000;

test("what is counted is told by the second, what is now as it is", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0, { connections: 3, messagesReceived: 100 }), 0);
  book.hear(sample("p1", 2_000, { connections: 5, messagesReceived: 130 }), 2_000);
  expect(book.total(2_000)).toMatchObject({ connections: 5, messagesReceived: 15 });
  book.hear(sample("p1", 15_000, { connections: 5, messagesReceived: 930 }), 15_000);
  expect(book.total(15_000)).toMatchObject({ connections: 5, messagesReceived: undefined }); // who knows when in 13 s
});

test("all processes are the sum of those that are there, and of delays the worst", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0, { connections: 3, loopDelayMaxMs: 4 }), 0);
  book.hear(sample("p2", 300, { connections: 4, loopDelayMaxMs: 9 }), 300);
  expect(book.total(400)).toMatchObject({ connections: 7, loopDelayMaxMs: 9 });
  book.hear(sample("p2", 5_300, { connections: 4 }), 5_300);
  expect(book.total(5_301)).toMatchObject({ connections: 4 });
});

test("a process that says nothing for longer than five seconds is gone, since it was heard last by its own clock", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0), 0);
  expect(book.processes(5_000)).toMatchObject([{ state: "there", silentSinceMs: undefined }]);
  expect(book.processes(5_001)).toMatchObject([{ state: "gone", silentSinceMs: begin }]);
  expect([book.stateOf("p1", 5_001), book.stateOf("unheard", 5_001)]).toEqual(["gone", undefined]);
});

test("after a time when the page could hear nothing, each process has its five seconds anew", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0), 0);
  book.resume(60_000);
  expect([book.stateOf("p1", 64_000), book.stateOf("p1", 65_001)]).toEqual(["there", "gone"]);
});

test("what was said long before the page listened shows nobody to be there", () => {
  const book = new SampleBook();
  book.recall(sample("gone", 0, { connections: 8 }), 0);
  book.hear(sample("p1", 60_000, { connections: 1 }), 0);
  expect(book.processes(0).map(({ sample, silentSinceMs }) => [sample.process, silentSinceMs])).toEqual([
    ["p1", undefined],
    ["gone", begin],
  ]);
  expect(book.total(0).connections).toBe(1);
});

test("a process that was told of just now has five seconds to be heard", () => {
  const book = new SampleBook();
  book.recall(sample("p1", 0), 700);
  expect([book.stateOf("p1", 5_700), book.stateOf("p1", 5_701)]).toEqual(["there", "gone"]);
});

test("a series has a value for each of the last 900 seconds, and none where nothing was heard", () => {
  const book = new SampleBook();
  for (const at of [0, 1_000, 2_000, 20_000, 21_000]) book.hear(sample("p1", at, { connections: 7 }), at);
  const { seconds, values } = book.series(["connections", "users"]);
  expect([seconds.length, seconds.at(-1), values.length]).toEqual([KEPT_SECONDS, 21, 2]);
  expect(values[0]?.slice(-22)).toEqual([7, 7, 7, 7, 7, ...Array(15).fill(undefined), 7, 7]);
});

test("of processes whose seconds do not begin together each stands for its own", () => {
  const book = new SampleBook();
  // The one is late by a little more each time: in one of the seconds it says nothing.
  for (const at of [900, 1_950, 3_000, 4_050]) book.hear(sample("late", at, { connections: 1 }), at);
  for (const at of [100, 1_100, 2_100, 3_100, 4_100]) book.hear(sample("even", at, { connections: 10 }), at);
  expect(book.series(["connections"]).values[0]?.slice(-5)).toEqual([11, 11, 11, 11, 11]);
});

test("what is recalled later is put in its place, once, and the rates after it are known then", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 10_000, { opened: 30 }), 0);
  expect(book.series(["opened"]).values[0]?.at(-1)).toBeUndefined();
  for (const at of [5_000, 10_000, 0]) book.recall(sample("p1", at, { opened: 20 + at / 1_000 }), 0);
  expect(book.series(["opened"]).values[0]?.slice(-6)).toEqual([1, 1, 1, 1, 1, 1]);
});

test("a series may be of one process", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0, { users: 3 }), 0);
  book.hear(sample("p2", 0, { users: 5 }), 0);
  const last = (process?: string) => book.series(["users"], process).values[0]?.at(-1);
  expect([last("p1"), last("p2"), last(), last("p3")]).toEqual([3, 5, 8, undefined]);
});

test("after a quarter of an hour a process that is gone is forgotten", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0), 0);
  book.hear(sample("p2", KEPT_SECONDS * 1_000, {}), KEPT_SECONDS * 1_000);
  expect(book.processes(0)).toHaveLength(2);
  book.hear(sample("p2", KEPT_SECONDS * 1_000 + 1, {}), KEPT_SECONDS * 1_000 + 1);
  expect(book.processes(0).map(({ sample }) => sample.process)).toEqual(["p2"]);
});

test("of a thousand processes, each with one sample, not all are kept", () => {
  const book = new SampleBook();
  for (let n = 0; n < 1_000; n += 1) book.hear(sample(`p${n}`, n), n);
  const kept = book.processes(1_000).map(({ sample }) => sample.process);
  expect([kept.length, kept.includes("p999"), kept.includes("p0")]).toEqual([500, true, false]);
});

test("what the clock of a process shows is as far from the page's as it was when it was heard", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0), 400);
  expect([book.clockOf("p1", 1_400), book.clockOf("unheard", 1_400)]).toEqual([begin + 1_000, 1_400]);
  book.hear(sample("p1", 1_000), 2_300); // late, that is all
  expect(book.clockOf("p1", 2_400)).toBe(begin + 2_000);
  book.hear(sample("p1", 60_000), 3_400);
  expect(book.clockOf("p1", 3_400)).toBe(begin + 60_000);
});

test("since when a broker is away is the first sample that says so", () => {
  const book = new SampleBook();
  book.hear(sample("p1", 0), 0);
  expect(book.processes(0)).toMatchObject([{ brokerAwaySinceMs: undefined }]);
  for (const at of [1_000, 2_000]) book.hear(sample("p1", at, { isBrokerAway: true }), at);
  expect(book.processes(2_000)).toMatchObject([{ brokerAwaySinceMs: begin + 1_000 }]);
});

test("clocks that differ mix nothing up: each is there, and is drawn where it was heard", () => {
  const book = new SampleBook();
  const ahead = { even: 0, early: 20 * 60_000, late: -20 * 60_000 };
  for (const at of [0, 1_000, 2_000]) {
    for (const [process, byMs] of Object.entries(ahead)) book.hear(sample(process, at + byMs, { connections: 5 }), at);
  }
  expect(book.processes(2_000).map(({ state }) => state)).toEqual(["there", "there", "there"]);
  expect(book.total(2_000).connections).toBe(15);
  const { seconds, values } = book.series(["connections"]);
  expect([seconds.at(-1), ...(values[0]?.slice(-4) ?? [])]).toEqual([2, undefined, 15, 15, 15]);
});

test("what is told of the past by a clock that is far ahead makes nobody be forgotten", () => {
  const book = new SampleBook();
  for (const at of [0, 5_000]) book.recall(sample("even", at, { connections: 5 }), 5_000);
  book.recall(sample("early", 20 * 60_000, { connections: 3 }), 5_000);
  book.hear(sample("even", 6_000, { connections: 5 }), 6_000);
  expect(book.series(["connections"], "even").values[0]?.slice(-7)).toEqual([5, 5, 5, 5, 5, 5, 5]);
  book.recall(sample("quiet", 4_000), 6_000);
  book.hear(sample("early", 20 * 60_000 + 6_000), 6_000);
  expect(book.stateOf("quiet", 6_000)).toBe("there");
});

test("a process whose clock is set back goes on being shown as it is", () => {
  const book = new SampleBook();
  for (const at of [0, 1_000]) book.hear(sample("p1", at, { connections: 1 }), at);
  for (const at of [2_000, 3_000]) book.hear(sample("p1", at - 300_000, { connections: 9 }), at);
  expect(book.processes(3_000)).toMatchObject([{ state: "there", point: { connections: 9 } }]);
  expect(book.series(["connections"]).values[0]?.slice(-2)).toEqual([9, 9]);
});

test("while the broker is away nobody is taken for gone who could be heard before, and none is counted", () => {
  const book = new SampleBook();
  for (const process of ["here", "there", "dead"]) book.hear(sample(process, 0, { connections: 1 }), 0);
  for (const at of [20_000, 21_000]) {
    book.hear(sample("there", at, { connections: 1 }), at);
    book.hear(sample("here", at, { connections: 1 }), at);
  }
  expect(book.isBlind(21_000)).toBe(false);
  for (const at of [24_000, 30_000]) book.hear(sample("here", at, { connections: 1, isBrokerAway: true }), at);
  expect(book.isBlind(30_000)).toBe(true);
  expect(book.processes(30_000).map(({ sample, state }) => [sample.process, state])).toEqual([
    ["here", "there"],
    ["there", "unseen"],
    ["dead", "gone"],
  ]);
  expect(book.total(30_000).connections).toBe(1);
  expect(book.stateOf("here", 35_001)).toBe("gone"); // it is heard without a broker
});

test("when the broker is back, those that could not be seen have five seconds to be heard", () => {
  const book = new SampleBook();
  for (const process of ["here", "there"]) book.hear(sample(process, 0), 0);
  for (const at of [1_000, 60_000]) book.hear(sample("here", at, { isBrokerAway: true }), at);
  book.hear(sample("here", 61_000), 61_000);
  expect([book.stateOf("there", 66_000), book.stateOf("there", 66_001)]).toEqual(["there", "gone"]);
});

function sample(process: string, atMs: number, known: Partial<ProcessSample> = {}): ProcessSample {
  return { ...nothing, process, name: `${process}.example`, atMs: begin + atMs, ...known };
}

const nothing: Omit<ProcessSample, "process" | "name" | "atMs"> = {
  startedAtMs: begin,
  connections: 0,
  users: 0,
  channels: 0,
  outboxBytes: 0,
  waitingBytes: 0,
  slow: 0,
  isBrokerAway: false,
  brokerOutages: 0,
  loopDelayMs: 0,
  loopDelayMaxMs: 0,
  rssBytes: 0,
  heapBytes: 0,
  cpuMicros: 0,
  opened: 0,
  closed: 0,
  refused: 0,
  messagesReceived: 0,
  messagesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  eventsPublished: 0,
  errorsAnswered: 0,
  handlerErrors: 0,
  rateLimited: 0,
  slowConsumers: 0,
  eventsDropped: 0,
  gaps: 0,
};
