import { expect, test } from "vitest";
import type { Duration } from "../base/duration.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Agenda } from "./agenda.js";
import { Heartbeat } from "./heartbeat.js";

interface Given {
  readonly everyMs?: number;
  readonly patienceMs?: number;
  readonly random?: () => number;
  readonly afterReading?: (run: () => void) => void;
  readonly isPaused?: () => boolean;
  readonly ping?: () => void;
}

/** One that pings every 30 s and waits 10 s, and what it did when. */
function begin({ everyMs = 30_000, patienceMs = 10_000, random = () => 0, afterReading, isPaused, ping }: Given = {}) {
  const clock = new FakeClock();
  const beganMs = clock.now();
  const log: string[] = [];
  const agenda = new Agenda(clock, (error) => log.push(String(error)));
  const note = (what: string) => log.push(`${what} ${clock.now() - beganMs}`);
  const peer = { answers: false };
  const endOfTurn = afterReading ?? ((run: () => void) => run());
  const heartbeat: Heartbeat = new Heartbeat(
    { agenda, clock, random, turn: { endOfTurn } },
    { heartbeat: everyMs, pong: patienceMs },
    {
      sendPing() {
        if (ping === undefined) note("ping");
        else ping();
        if (peer.answers) heartbeat.heard();
      },
      get isPaused() {
        return isPaused?.() === true;
      },
      die: () => note("dead"),
    },
  );
  heartbeat.start();
  const advance = (by: Duration) => clock.advance(by);
  return { heartbeat, agenda, log, advance, peer };
}

test.each([
  [0, 15_000],
  [0.5, 22_500],
  [0.999, 29_985],
])(
  "the first ping comes in the second half of the time between two, for a random %d after %d ms",
  async (random, ms) => {
    const { log, advance } = begin({ random: () => random });
    await advance(`${ms - 1}ms`);
    expect(log).toEqual([]);
    await advance("1ms");
    expect(log).toEqual([`ping ${ms}`]);
  },
);

test("a peer that answers is pinged every 30 s, and never dead", async () => {
  const { log, advance, peer, agenda } = begin();
  peer.answers = true;
  await advance("100s");
  expect(log).toEqual(["ping 15000", "ping 45000", "ping 75000"]);
  expect(agenda.size).toBe(1);
});

test("a peer of which nothing was heard is dead exactly when its time is over, once, and pinged no more", async () => {
  const { log, advance, agenda } = begin();
  await advance("24999ms");
  expect(log).toEqual(["ping 15000"]);
  await advance("1ms");
  expect(log).toEqual(["ping 15000", "dead 25000"]);
  await advance("10m");
  expect(log).toHaveLength(2);
  expect(agenda.size).toBe(0);
});

test.each([
  ["at once", "0ms"],
  ["in the last moment", "9999ms"],
] as const)("any sign of life after the ping counts: %s", async (_, after) => {
  const { heartbeat, log, advance } = begin();
  await advance("15s");
  await advance(after);
  heartbeat.heard();
  await advance("30s");
  expect(log.filter((what) => what.startsWith("dead"))).toEqual([]);
  expect(log.slice(0, 2)).toEqual(["ping 15000", "ping 45000"]);
});

test("what was heard before the ping is no answer to it", async () => {
  const { heartbeat, log, advance } = begin();
  await advance("14999ms");
  heartbeat.heard();
  await advance("10001ms");
  expect(log).toEqual(["ping 15000", "dead 25000"]);
});

test("silence while we do not read is ours: it is pinged on, and dead when it is silent while we do", async () => {
  let isPaused = true;
  const { log, advance } = begin({ isPaused: () => isPaused });
  await advance("60s");
  expect(log).toEqual(["ping 15000", "ping 45000"]);
  isPaused = false;
  await advance("10s");
  expect(log).toEqual(["ping 15000", "ping 45000", "dead 65000"]);
});

test("what is heard when we read again counts, also for what was asked meanwhile", async () => {
  let isPaused = true;
  const { heartbeat, log, advance } = begin({ isPaused: () => isPaused });
  await advance("50s");
  isPaused = false;
  heartbeat.heard();
  await advance("24s");
  expect(log).toEqual(["ping 15000", "ping 45000"]);
  await advance("2s");
  expect(log).toEqual(["ping 15000", "ping 45000", "ping 75000"]);
});

test.each(["14s", "16s"] as const)(
  "stopped after %s, it does nothing more and nothing of it is left",
  async (after) => {
    const { heartbeat, log, agenda, advance } = begin();
    await advance(after);
    const before = [...log];
    heartbeat.stop();
    heartbeat.stop();
    expect(agenda.size).toBe(0);
    await advance("10m");
    expect(log).toEqual(before);
  },
);

test("it may be stopped by the ping that finds the socket gone", async () => {
  const log: string[] = [];
  const { heartbeat, agenda, advance } = begin({
    ping: () => {
      log.push("ping");
      heartbeat.stop();
    },
  });
  await advance("10m");
  expect(log).toEqual(["ping"]);
  expect(agenda.size).toBe(0);
});

test("with more patience than time between two pings, it is pinged no less often, and dead when the patience is over", async () => {
  const { log, advance, peer } = begin({ everyMs: 10_000, patienceMs: 25_000 });
  peer.answers = true;
  await advance("40s");
  expect(log).toEqual(["ping 5000", "ping 15000", "ping 25000", "ping 35000"]);
  peer.answers = false;
  await advance("60s");
  expect(log.at(-1)).toMatch(/^dead /);
  expect(log.filter((each) => each.startsWith("dead"))).toHaveLength(1);
});

test("an answer that is there and was not read yet counts: it is judged when what has arrived was read", async () => {
  const { log, advance, heartbeat } = begin({
    afterReading: (judge) => {
      heartbeat.heard();
      judge();
    },
  });
  await advance("25s");
  expect(log).toEqual(["ping 15000"]);
});

test("who has closed while it was still being read is not taken for dead", async () => {
  const judgements: (() => void)[] = [];
  const { log, advance, heartbeat } = begin({ afterReading: (judge) => judgements.push(judge) });
  await advance("25s");
  heartbeat.stop();
  expect(judgements).toHaveLength(1);
  for (const judge of judgements) judge();
  expect(log).toEqual(["ping 15000"]);
});
