import { expect, test } from "vitest";
import { FakeClock, settle } from "../testing/fake-clock.js";
import { Rounds } from "./rounds.js";

/** Rounds that take as long as a test says, and when they began. */
function createRounds({ tookMs = 0, goesOn = true, fails = false } = {}) {
  const clock = new FakeClock({ startMs: 0 });
  const [begun, errors]: [number[], unknown[]] = [[], []];
  const rounds = new Rounds({
    clock,
    run: async () => {
      begun.push(clock.now());
      if (tookMs > 0) await new Promise<void>((resolve) => clock.after(tookMs, resolve));
      if (fails) throw new Error("as it is");
      return goesOn;
    },
    onError: (error) => errors.push(error),
  });
  return { clock, rounds, begun, errors };
}

test("nothing runs until a round is wanted; then one begins each second, by one timer", async () => {
  const { clock, rounds, begun } = createRounds();
  await clock.advance("1m");
  expect(begun).toEqual([]);
  rounds.want();
  await clock.advance("3s");
  expect(begun.map((atMs) => atMs - 60_000)).toEqual([0, 1_000, 2_000, 3_000]);
  expect(clock.size).toBe(1);
});

test("when none is to follow there is no timer, and the next that is wanted begins at once", async () => {
  const { clock, rounds, begun } = createRounds({ goesOn: false });
  rounds.want();
  await clock.advance("5s");
  expect([begun, clock.size]).toEqual([[0], 0]);
  rounds.want();
  await clock.advance("5s");
  expect(begun).toEqual([0, 5_000]);
});

test("who wants rounds as fast as they can has ten a second", async () => {
  const { clock, rounds, begun } = createRounds();
  rounds.want();
  await settle();
  for (let n = 0; n < 20; n += 1) {
    for (let m = 0; m < 5; m += 1) rounds.want();
    await clock.advance("50ms");
  }
  expect(begun).toHaveLength(11);
  expect(clock.size).toBe(1);
});

test("one that took long is followed by nine times as long a rest, of 3 s at most", async () => {
  const quick = createRounds({ tookMs: 200 });
  quick.rounds.want();
  await quick.clock.advance("2s");
  quick.rounds.want();
  await quick.clock.advance("2s");
  expect(quick.begun).toEqual([0, 2_000, 4_000]);
  const slow = createRounds({ tookMs: 1_000 });
  slow.rounds.want();
  await slow.clock.advance("500ms");
  slow.rounds.want();
  await slow.clock.advance("8s");
  expect(slow.begun).toEqual([0, 4_000, 8_000]);
});

test("one that fails is told, and the next one follows", async () => {
  const { clock, rounds, begun, errors } = createRounds({ fails: true });
  rounds.want();
  await clock.advance("1s");
  expect(begun).toEqual([0, 1_000]);
  expect(errors).toEqual([new Error("as it is"), new Error("as it is")]);
});

test("one that was wanted takes the place of the next, which follows a second later", async () => {
  const { clock, rounds, begun } = createRounds();
  rounds.want();
  await clock.advance("500ms");
  rounds.want();
  await clock.advance("1s");
  expect([begun, clock.size]).toEqual([[0, 500, 1_500], 1]);
});

test("two never run at a time, also where one that was wanted runs when the next is due", async () => {
  const { clock, rounds, begun } = createRounds({ tookMs: 50 });
  rounds.want();
  await clock.advance("990ms");
  rounds.want();
  await clock.advance("500ms");
  expect([begun, clock.size]).toEqual([[0, 990], 1]);
});

test.each([true, false])(
  "when it is stopped none begins any more, also where one runs and (%s) is wanted",
  async (isWanted) => {
    const { clock, rounds, begun } = createRounds({ tookMs: 300 });
    rounds.want();
    await clock.advance("100ms");
    if (isWanted) rounds.want();
    rounds.stop();
    await clock.advance("10s");
    rounds.want();
    await clock.advance("10s");
    expect([begun, clock.size]).toEqual([[0], 0]);
  },
);
