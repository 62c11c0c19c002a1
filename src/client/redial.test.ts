import { describe, expect, test } from "vitest";
import { type Refusal, refusals } from "../protocol/refusals.js";
import { Redial } from "./redial.js";

const lost = { code: 1006, reason: "" };

function create(chance = 1, retryOn: readonly number[] = []): Redial {
  return new Redial(() => chance, retryOn);
}

describe("the back-off", () => {
  test.each([
    [0, [0, 0, 0, 0, 0, 0, 0]],
    [0.5, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]],
    [1, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
  ])("is %d of a ceiling that doubles from 1 s to 30 s", (chance, delays) => {
    const redial = create(chance);
    expect(delays.map(() => redial.delayAfter(lost, 0))).toEqual(delays);
  });

  test("stays at its last ceiling, however often it fails", () => {
    const redial = create();
    for (let failures = 0; failures < 2_000; failures += 1) redial.delayAfter(lost, 0);
    expect(redial.delayAfter(lost, 0)).toBe(30_000);
  });

  test("asks chance anew each time", () => {
    const chances = [0.25, 0.75];
    const redial = new Redial(() => chances.shift() ?? 0, []);
    expect([redial.delayAfter(lost, 0), redial.delayAfter(lost, 0)]).toEqual([250, 1_500]);
  });

  test.each([
    ["was open as long as the last ceiling", 4_000, 1_000],
    ["was open for less", 3_999, 8_000],
  ])("of a connection that %s goes on with the right ceiling", (_, openMs, delayMs) => {
    const redial = create();
    for (let failures = 0; failures < 3; failures += 1) redial.delayAfter(lost, 0);
    redial.opened(10_000);
    expect(redial.delayAfter(lost, 10_000 + openMs)).toBe(delayMs);
  });

  test("is not reset by time that passes without a connection", () => {
    const redial = create();
    redial.delayAfter(lost, 0);
    redial.opened(0);
    redial.delayAfter(lost, 60_000);
    expect([redial.delayAfter(lost, 900_000), redial.delayAfter(lost, 9_900_000)]).toEqual([2_000, 4_000]);
  });

  test("grows where a server lets in and closes at once, for ever", () => {
    const redial = create();
    const delays = [1, 2, 3, 4, 5, 6, 7].map((n) => {
      redial.opened(n);
      return redial.delayAfter({ code: 1011, reason: "internal" }, n);
    });
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });
});

describe("after a close", () => {
  test.each(Object.entries(refusals))("with the reason %s it does what its row says", (reason, row) => {
    const { close, clientThen }: Refusal = row;
    if (close === undefined) return;
    const dialsAgain = clientThen !== "stay-closed";
    expect(create().delayAfter({ code: close, reason }, 0)).toBe(dialsAgain ? 1_000 : undefined);
  });

  test.each([
    [1000, undefined],
    [1001, 1_000],
    [1002, undefined],
    [1003, undefined],
    [1005, 1_000],
    [1006, 1_000],
    [1007, undefined],
    [1008, undefined],
    [1009, undefined],
    [1011, 1_000],
    [1012, 1_000],
    [1013, 1_000],
    [1014, 1_000],
    [1015, 1_000],
    [3000, undefined],
    [4999, undefined],
  ])("%d without a reason it waits %s", (code, delayMs) => {
    expect(create().delayAfter({ code, reason: "" }, 0)).toBe(delayMs);
  });

  test("with an app's own code it dials again where it was told to, with a back-off", () => {
    const redial = create(1, [4001, 4002]);
    expect([4001, 4002, 4003].map((code) => redial.delayAfter({ code, reason: "moved" }, 0))).toEqual([
      1_000,
      2_000,
      undefined,
    ]);
  });

  test("what it was told to dial again after counts whatever its reason", () => {
    const redial = create(1, [4001]);
    const closed = { code: 4001, reason: "unauthorized" };
    expect([redial.delayAfter(closed, 0), redial.delayAfter(closed, 0)]).toEqual([1_000, 2_000]);
  });
});

describe("a token that had expired", () => {
  const expired = { code: 1008, reason: "token_expired" };

  test("is fetched anew once", () => {
    const redial = create();
    expect([redial.delayAfter(expired, 0), redial.delayAfter(expired, 0)]).toEqual([1_000, undefined]);
  });

  test("is fetched anew after every time that it was let in", () => {
    const redial = create();
    for (let n = 0; n < 5; n += 1) {
      expect(redial.delayAfter(expired, n * 100_000)).toBeDefined();
      redial.opened(n * 100_000 + 1);
    }
  });

  test("a lost connection between does not let it begin anew", () => {
    const redial = create();
    redial.delayAfter(expired, 0);
    expect(redial.delayAfter(lost, 0)).toBeDefined();
    expect(redial.delayAfter(expired, 0)).toBeUndefined();
  });
});

describe("a drain", () => {
  const goingAway = { code: 1001, reason: "going_away" };

  test("says when it dials after 1001, each time that it was let in for a while", () => {
    const redial = create();
    for (const nowMs of [0, 100_000, 200_000]) {
      redial.opened(nowMs);
      redial.drain(1_800);
      expect(redial.delayAfter(goingAway, nowMs + 5_000)).toBe(1_800);
    }
  });

  test("says so however often a server comes back, where each time it was there for a second", () => {
    const redial = create();
    for (let reload = 0; reload < 20; reload++) {
      redial.opened(reload * 2_000);
      redial.drain(200);
      expect(redial.delayAfter({ code: 1012, reason: "restarting" }, reload * 2_000 + 1_000)).toBe(200);
    }
  });

  test("that is said before `connected` counts too", () => {
    const redial = create();
    redial.drain(1_800);
    expect(redial.delayAfter(goingAway, 0)).toBe(1_800);
  });

  test("without a time has a back-off", () => {
    const redial = create();
    redial.drain(undefined);
    expect(redial.delayAfter(goingAway, 0)).toBe(1_000);
  });

  test("is of no account where the connection ends otherwise", () => {
    const redial = create();
    redial.drain(1_800);
    expect(redial.delayAfter(lost, 0)).toBe(1_000);
  });

  test("of an earlier connection is forgotten", () => {
    const redial = create();
    redial.opened(0);
    redial.drain(1_800);
    redial.opened(1);
    expect(redial.delayAfter(goingAway, 1)).toBe(1_000);
  });

  test("counts once: a server that closes each handshake with 1001 is dialled ever more rarely", () => {
    const redial = create();
    redial.drain(0);
    const delays = [1, 2, 3, 4].map(() => redial.delayAfter(goingAway, 0));
    expect(delays).toEqual([0, 2_000, 4_000, 8_000]);
  });

  test("is not believed by who is let in and drained at once, again and again", () => {
    const redial = create();
    const delays = [1, 2, 3, 4].map(() => {
      redial.opened(0);
      redial.drain(0);
      return redial.delayAfter(goingAway, 0);
    });
    expect(delays).toEqual([0, 2_000, 4_000, 8_000]);
  });
});
