import { expect, test } from "vitest";
import { restartDelayMs } from "./restart-delay.js";

test("who dies again and again is started later and later, until half a minute", () => {
  const delays: number[] = [];
  let deaths = 0;
  for (let round = 0; round < 7; round += 1) {
    const next = restartDelayMs(deaths, 10);
    delays.push(next.delayMs);
    deaths = next.deaths;
  }
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test("who has lived for a minute begins anew", () => {
  expect(restartDelayMs(5, 60_000)).toEqual({ delayMs: 1_000, deaths: 1 });
  expect(restartDelayMs(5, 59_999)).toEqual({ delayMs: 30_000, deaths: 6 });
});
