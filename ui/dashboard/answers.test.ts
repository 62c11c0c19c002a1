import { expect, test } from "vitest";
import type { ChannelRow, ConnectionRow } from "../../src/dashboard/contract.js";
import { type AnswerAbout, isStanding, mergeChannels, mergeConnections } from "./answers.js";

test("the connections of all processes are one list: what is troubled for longest first, then the newest", () => {
  const merged = mergeConnections(
    [
      answer("p1", [connection("old", { openedAtMs: 1 }), connection("late", { troubledSinceMs: 50 })], 7),
      answer("p2", [connection("new", { openedAtMs: 9 }), connection("long", { troubledSinceMs: 20 })], 2),
    ],
    "open",
  );
  expect(merged.rows.map(({ id, process }) => [id, process])).toEqual([
    ["long", "p2"],
    ["late", "p1"],
    ["new", "p2"],
    ["old", "p1"],
  ]);
  expect(merged).toMatchObject({ count: 9, isAtLeast: false });
});

test("of closed ones the last that closed is first", () => {
  const merged = mergeConnections(
    [
      answer("p1", [connection("a", { closedAtMs: 10 }), connection("b", { closedAtMs: 30 })], 2),
      answer("p2", [connection("c", { closedAtMs: 20, troubledSinceMs: 1 })], 1),
    ],
    "closed",
  );
  expect(merged.rows.map(({ id }) => id)).toEqual(["b", "c", "a"]);
});

test("a channel that two processes are on is one row, whose connections are counted together and whose events are not", () => {
  const merged = mergeChannels([
    channels("p1", [channel("news", { connections: 3, behind: 1, offset: 40, events: 12 })], 1),
    channels(
      "p2",
      [channel("news", { connections: 2, offset: 41, events: 5 }), channel("chat/a", { connections: 9 })],
      2,
    ),
  ]);
  expect(merged.rows).toMatchObject([
    { channel: "news", connections: 5, behind: 1, offset: 41, events: 12 },
    { channel: "chat/a", connections: 9 },
  ]);
  expect(merged).toMatchObject({ count: 2, isAtLeast: false });
});

test("where processes did not tell all of their channels, there are at least as many as one of them has", () => {
  const merged = mergeChannels([
    channels("p1", [channel("a"), channel("b")], 300),
    channels("p2", [channel("b"), channel("c")], 250),
  ]);
  expect(merged).toMatchObject({ count: 300, isAtLeast: true });
  expect(mergeChannels([channels("p1", [channel("a")], 300)])).toMatchObject({ count: 300, isAtLeast: false });
});

test("an answer stands for 15 s, and no longer than its process is there", () => {
  const heard = { ...answer("p1", [], 0), heardAtMs: 1_000 };
  expect([isStanding(heard, "there", 16_000), isStanding(heard, "there", 16_001)]).toEqual([true, false]);
  const states = ["unseen", "gone", undefined] as const;
  expect(states.map((state) => isStanding(heard, state, 1_000))).toEqual([false, false, true]);
});

function answer(process: string, rows: readonly ConnectionRow[], count: number): AnswerAbout<"connections"> {
  return { ask: "q1", process, about: "connections", rows, count };
}

function channels(process: string, rows: readonly ChannelRow[], count: number): AnswerAbout<"channels"> {
  return { ask: "q1", process, about: "channels", rows, count };
}

interface Known {
  readonly openedAtMs?: number;
  readonly troubledSinceMs?: number;
  readonly closedAtMs?: number;
}

function connection(id: string, { openedAtMs = 0, troubledSinceMs, closedAtMs }: Known): ConnectionRow {
  const at = { id, endpoint: "/ws", user: undefined, address: "::1", openedAtMs, outboxBytes: 0 };
  return {
    ...at,
    stage: closedAtMs === undefined ? "open" : "closed",
    trouble: troubledSinceMs === undefined ? undefined : { word: "silent", sinceMs: troubledSinceMs },
    closed: closedAtMs === undefined ? undefined : { atMs: closedAtMs, code: 1000, reason: "" },
  };
}

function channel(name: string, known: Partial<ChannelRow> = {}): ChannelRow {
  return { channel: name, pattern: name, connections: 1, behind: 0, offset: 0, events: 0, ...known };
}
