import { expect, test } from "vitest";
import { Agenda } from "../connection/agenda.js";
import type { LiveConnection } from "../connection/live-connection.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Drain, type DrainTimes, type Farewell, farewells } from "./drain.js";

/** As much of a connection as a drain asks for. */
class DrainedConnection {
  /** What was asked of it, with the milliseconds since the beginning. */
  readonly asked: string[] = [];
  readonly #nowMs: () => number;
  readonly #closed: () => void;

  constructor(nowMs: () => number, closed: () => void = () => {}) {
    this.#nowMs = nowMs;
    this.#closed = closed;
  }

  drain(delayMs: number): void {
    this.asked.push(`drain ${delayMs}`);
  }

  close(code: number, reason: string): void {
    this.asked.push(`close ${code} ${reason} at ${this.#nowMs()}`);
    this.#closed();
  }

  terminate(): void {
    this.asked.push(`terminate at ${this.#nowMs()}`);
  }
}

interface StartOptions {
  readonly count: number;
  readonly times?: Partial<DrainTimes>;
  readonly random?: () => number;
  /** Does it end when it is asked to close, or only when a test says so? */
  readonly endsAtOnce?: boolean;
  readonly farewell?: Farewell;
}

/** A drain that runs over so many connections. */
function start({ count, times, random = () => 0.5, endsAtOnce = false, farewell }: StartOptions) {
  const clock = new FakeClock();
  const beganMs = clock.now();
  const errors: unknown[] = [];
  const agenda = new Agenda(clock, (error) => errors.push(error));
  const connections = new Map<string, DrainedConnection>();
  const end = (id: string) => {
    connections.delete(id);
    drain.ended();
  };
  for (let number = 0; number < count; number += 1) {
    const id = String(number);
    const nowMs = () => clock.now() - beganMs;
    connections.set(id, new DrainedConnection(nowMs, endsAtOnce ? () => end(id) : undefined));
  }
  const all = [...connections.values()];
  const drain = new Drain({
    times: { reconnectWithinMs: 5_000, deadlineMs: 30_000, ...times },
    agenda,
    random,
    // It has all that a drain calls.
    connections: connections as ReadonlyMap<string, unknown> as ReadonlyMap<string, LiveConnection>,
  });
  let isOver = false;
  const run = drain.run(farewell).then(() => {
    isOver = true;
  });
  return { clock, agenda, all, connections, end, errors, run, isOver: () => isOver };
}

function countOf(all: readonly DrainedConnection[], call: string): number {
  return all.filter(({ asked }) => asked.includes(call)).length;
}

test("each is told a delay within the window, before any is closed", async () => {
  let calls = 0;
  const draws = [0, 0.25, 0.999_999, 0.5];
  const { all, clock } = start({ count: 4, random: () => draws[calls++] ?? 0 });
  await clock.advance("1ms");
  expect(all.map(({ asked }) => asked)).toEqual([
    ["drain 0", "close 1001 going_away at 0"],
    ["drain 1250", "close 1001 going_away at 0"],
    ["drain 5000", "close 1001 going_away at 0"],
    ["drain 2500", "close 1001 going_away at 0"],
  ]);
});

test("1,200 are told at once, and closed in batches of 500, each 50 ms after the one before", async () => {
  const { all, clock, run } = start({ count: 1_200, endsAtOnce: true });
  expect(all.filter(({ asked }) => asked[0] === "drain 2500")).toHaveLength(1_200);
  expect(countOf(all, "close 1001 going_away at 0")).toBe(500);
  await clock.advance("49ms");
  expect(all.filter(({ asked }) => asked.length > 1)).toHaveLength(500);
  await clock.advance("1ms");
  expect(countOf(all, "close 1001 going_away at 50")).toBe(500);
  await clock.advance("50ms");
  expect(countOf(all, "close 1001 going_away at 100")).toBe(200);
  await run;
  for (const { asked } of all) expect(asked).toHaveLength(2);
});

test("nobody is waited for where nobody is", async () => {
  const { run, agenda } = start({ count: 0 });
  await run;
  expect(agenda.size).toBe(0);
});

test("it resolves when the last has ended, and not before; then it waits for nothing", async () => {
  const { agenda, clock, end, run, isOver } = start({ count: 2 });
  await clock.advance("1s");
  end("0");
  await clock.advance("1s");
  expect(isOver()).toBe(false);
  end("1");
  await run;
  expect(agenda.size).toBe(0);
});

test("those who end while others wait to be closed do not end it", async () => {
  const { all, clock, connections, end, isOver, run } = start({ count: 600 });
  for (let number = 0; number < 500; number += 1) end(String(number));
  await clock.advance("49ms");
  expect(isOver()).toBe(false);
  await clock.advance("1ms");
  expect(countOf(all, "close 1001 going_away at 50")).toBe(100);
  for (const id of [...connections.keys()]) end(id);
  await run;
});

test("when the time is up whoever is left is ended, and nobody else; it resolves without waiting for them", async () => {
  const { all, clock, end, isOver, run } = start({ count: 3, times: { deadlineMs: 10_000 } });
  end("1");
  await clock.advance("9999ms");
  expect(isOver()).toBe(false);
  await clock.advance("1ms");
  await run;
  expect(all.map(({ asked }) => asked.at(-1))).toEqual([
    "terminate at 10000",
    "close 1001 going_away at 0",
    "terminate at 10000",
  ]);
});

test("a deadline that comes between two batches ends those who were not yet closed too", async () => {
  const { all, agenda, clock, run } = start({ count: 1_200, times: { deadlineMs: 70 } });
  await clock.advance("70ms");
  await run;
  expect(countOf(all, "terminate at 70")).toBe(1_200);
  expect(all.filter(({ asked }) => asked.some((call) => call.startsWith("close")))).toHaveLength(1_000);
  expect(agenda.size).toBe(0);
});

test("without a window all are told to come back at once", async () => {
  const { all, run } = start({ count: 2, times: { reconnectWithinMs: 0 }, random: () => 0.9, endsAtOnce: true });
  await run;
  expect(all.map(({ asked }) => asked[0])).toEqual(["drain 0", "drain 0"]);
});

test("one whose place is taken at once says so, and when the next is there", async () => {
  const times = { absentMs: 200, reconnectWithinMs: 100 };
  const { all, run } = start({ count: 1, times, farewell: farewells.restarting, endsAtOnce: true });
  await run;
  expect(all.map(({ asked }) => asked)).toEqual([["drain 250", "close 1012 restarting at 0"]]);
});
