import { expect, test } from "vitest";
import { LoopDelayMeter } from "./loop-delay.js";

test("it tells the median and the worst since it was asked last", () => {
  const meter = new LoopDelayMeter();
  expect(meter.read()).toEqual({ medianMs: 0, maxMs: 0 });
  for (const lateMs of [3, -0.4, 120, 1, 2]) meter.looked(lateMs);
  expect(meter.read()).toEqual({ medianMs: 2, maxMs: 120 });
  meter.looked(7);
  expect(meter.read()).toEqual({ medianMs: 7, maxMs: 7 });
});

test("of what nobody asks for the newest fifty are kept: a second's", () => {
  const meter = new LoopDelayMeter();
  meter.looked(5_000);
  for (let n = 0; n < 125; n += 1) meter.looked(n);
  expect(meter.read()).toEqual({ medianMs: 100, maxMs: 124 });
});
