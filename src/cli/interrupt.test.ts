import { expect, test } from "vitest";
import { Interrupt } from "./interrupt.js";

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s comes once: a second one is nobody's, and ends the process",
  async (signal) => {
    const before = process.listenerCount(signal);
    using interrupt = new Interrupt();
    expect(process.listenerCount(signal)).toBe(before + 1);
    process.emit(signal);
    await interrupt.came;
    expect(process.listenerCount(signal)).toBe(before);
  },
);

test("who has ended by itself leaves the signals to what they do", () => {
  const before = process.listenerCount("SIGINT");
  const interrupt = new Interrupt();
  interrupt[Symbol.dispose]();
  expect(process.listenerCount("SIGINT")).toBe(before);
});
