import { expect, test } from "vitest";
import { closeOnSignals } from "./signals.js";

// What a signal does to a process only a process of its own can show: test/integration/signals.test.ts.

const counts = () => ["SIGTERM", "SIGINT", "SIGHUP"].map((signal) => process.listenerCount(signal));

test("the process has one listener for a signal, however many listen, and none when all have taken it back", () => {
  const before = counts();
  const more = (...added: number[]) => before.map((count, index) => count + (added[index] ?? 0));
  const close = async () => {};
  const forgets = Array.from({ length: 20 }, () => closeOnSignals(["SIGTERM", "SIGINT"], async () => {}));
  expect(counts()).toEqual(more(1, 1, 0));
  forgets.push(closeOnSignals(["SIGHUP", "SIGTERM"], close));
  expect(counts()).toEqual(more(1, 1, 1));
  const [first, ...others] = forgets;
  for (const forget of others) forget();
  expect(counts()).toEqual(more(1, 1, 0));
  first?.();
  expect(counts()).toEqual(before);
  first?.();
  expect(counts()).toEqual(before);
});

test("who listens to no signal leaves the process as it is", () => {
  const before = counts();
  const forget = closeOnSignals([], async () => {});
  expect(counts()).toEqual(before);
  forget();
  expect(counts()).toEqual(before);
});

test("it can be listened to again after it was taken back", () => {
  const before = counts();
  for (const _ of ["first", "second"]) {
    const forget = closeOnSignals(["SIGHUP"], async () => {});
    expect(process.listenerCount("SIGHUP")).toBe((before[2] ?? 0) + 1);
    forget();
  }
  expect(counts()).toEqual(before);
});
