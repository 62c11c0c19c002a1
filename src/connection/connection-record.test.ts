import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.js";
import { ConnectionRecord, type TroubleFacts } from "./connection-record.js";

const fine: TroubleFacts = {
  isBehind: true,
  outboxBytes: 0,
  outboxLimit: 1_000,
  waitingMessages: 0,
  waitingBytes: 0,
  isBusy: false,
  expiresAtMs: undefined,
  expiryGraceMs: 25_000,
  unansweredSinceMs: undefined,
};

function begin() {
  const clock = new FakeClock();
  const record = new ConnectionRecord(clock);
  const words = (facts: Partial<TroubleFacts> = {}) =>
    record.troublesOf({ ...fine, ...facts }).map(({ word, sinceMs }) => [word, sinceMs - record.openedAtMs]);
  return { clock, record, words };
}

test("one that nothing is wrong with has no troubles", () => {
  expect(begin().words()).toEqual([]);
});

test("who does not read has stopped reading since what it was given was not taken, once that is a second ago", async () => {
  const { clock, record, words } = begin();
  await clock.advance("5s");
  record.fellBehind();
  await clock.advance("900ms");
  expect(words({ outboxBytes: 700 })).toEqual([]);
  await clock.advance("100ms");
  expect(words({ outboxBytes: 700 })).toEqual([["stopped reading", 5_000]]);
  expect(words({ outboxBytes: 0 })).toEqual([]);
  expect(words({ outboxBytes: 700, isBehind: false })).toEqual([]);
});

test("who is refused more than once is over its rate since the first, until nothing was refused for ten seconds", async () => {
  const { clock, record, words } = begin();
  record.wasOverRate();
  await clock.advance("9s");
  record.wasOverRate();
  await clock.advance("10s");
  expect(words()).toEqual([["over its rate", 0]]);
  expect(record.troublesOf(fine)[0]?.detail).toBe("2 messages were refused with rate_limited.");
  await clock.advance("1ms");
  expect(words()).toEqual([]);
  record.wasOverRate();
  expect(words()).toEqual([["over its rate", 19_001]]);
  expect(record.troublesOf(fine)[0]?.detail).toBe("One message was refused with rate_limited.");
});

test("one is expired from the very time that its credential says", async () => {
  const { clock, record, words } = begin();
  const expiresAtMs = record.openedAtMs + 2_000;
  await clock.advance("1999ms");
  expect(words({ expiresAtMs })).toEqual([]);
  await clock.advance("1ms");
  expect(words({ expiresAtMs })).toEqual([["expired", 2_000]]);
});

test("silence, what waits and what runs are troubles after a second; the oldest comes first", async () => {
  const { clock, record, words } = begin();
  record.began();
  await clock.advance("1s");
  const unansweredSinceMs = clock.now();
  await clock.advance("999ms");
  expect(words({ isBusy: true, unansweredSinceMs })).toEqual([["handler runs long", 0]]);
  expect(words({ unansweredSinceMs })).toEqual([]);
  await clock.advance("1ms");
  const both = [
    ["handler runs long", 0],
    ["silent", 1_000],
  ];
  expect(words({ isBusy: true, unansweredSinceMs })).toEqual(both);
  // What it says is not read: nobody knows whether it answers.
  record.paused();
  await clock.advance("1s");
  expect(words({ isBusy: true, unansweredSinceMs })).toEqual([
    ["handler runs long", 0],
    ["waits for handlers", 2_000],
  ]);
  record.resumed();
  expect(words({ isBusy: false })).toEqual([]);
  // It is busy with something else than a handler now.
  record.ended();
  expect(words({ isBusy: true })).toEqual([]);
});

test("the last five errors are remembered, and all are counted", async () => {
  const { clock, record } = begin();
  for (const code of "abcdefg") {
    await clock.advance("1s");
    record.answered({ code, message: "No.", type: "say" });
  }
  expect(record.errorsAnswered).toBe(7);
  expect(record.errors.map(({ code }) => code).join("")).toBe("cdefg");
  expect(record.errors[0]).toEqual({ atMs: record.openedAtMs + 3_000, code: "c", message: "No.", type: "say" });
});

test("of a long message the beginning is remembered", () => {
  const { record } = begin();
  record.answered({ code: "not_found", message: `There is no room ${"x".repeat(60_000)}.`, type: "say" });
  expect(record.errors[0]?.message).toBe(`There is no room ${"x".repeat(183)}…`);
});

test("it counts what came, and tells when anything came last", async () => {
  const { clock, record } = begin();
  expect(record.heardAtMs).toBe(record.openedAtMs);
  await clock.advance("3s");
  record.heard();
  record.received(12);
  record.received(30);
  expect(record).toMatchObject({ messagesReceived: 2, bytesReceived: 42, heardAtMs: record.openedAtMs + 3_000 });
});
