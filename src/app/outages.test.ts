import { expect, test } from "vitest";
import { createCounters, type Happening } from "../observe/observe.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Outages } from "./outages.js";

function watch() {
  const [clock, counters] = [new FakeClock(), createCounters()];
  const told: Happening[] = [];
  const outages = new Outages({ observer: { counters, happened: (what) => told.push(what) }, clock });
  return { clock, counters, told, outages };
}

test("an outage is told and counted once when it begins, and told with its length when it is over", async () => {
  const { clock, counters, told, outages } = watch();
  const reason = new Error("ECONNREFUSED");
  outages.began(reason);
  outages.began(new Error("again"));
  expect(outages.isAway).toBe(true);
  await clock.advance("2500ms");
  outages.ended();
  outages.ended();
  expect(outages.isAway).toBe(false);
  expect(told).toEqual([
    { event: "broker_away", reason },
    { event: "broker_back", awayMs: 2_500 },
  ]);
  outages.began(reason);
  expect(counters.brokerOutages).toBe(2);
});

test("it explains what is `unavailable` while it lasts, and nothing else", () => {
  const { outages } = watch();
  const unavailable = new TidingsError("unavailable");
  expect(outages.explains(unavailable)).toBe(false);
  outages.began("away");
  const errors = [unavailable, new TidingsError("internal"), new Error("unavailable"), undefined];
  expect(errors.map((error) => outages.explains(error))).toEqual([true, false, false, false]);
  outages.ended();
  expect(outages.explains(unavailable)).toBe(false);
});
