import { expect, onTestFinished, test, vi } from "vitest";
import { FakeView } from "../../test/support/fake-view.js";
import { sampleOf } from "./sample.js";

test("a sample has each figure by its own name", () => {
  const view = new FakeView();
  const names = Object.keys(view.figures());
  // Each figure tells its own name by its place.
  const figures = { ...view.figures(), ...Object.fromEntries(names.map((name, index) => [name, 100 + index])) };
  const sample = sampleOf({ view, figures, atMs: 5, sums: { slow: 7, outboxBytes: 8, waitingBytes: 9 } });
  const placeOf = (name: string) => 100 + names.indexOf(name);
  const renamed = {
    opened: "connectionsOpened",
    closed: "connectionsClosed",
    refused: "handshakesRefused",
    bytesSent: "bytesWritten",
  };
  const same = Object.keys(sample).filter((name) => names.includes(name));
  expect(same.length).toBeGreaterThan(14);
  for (const name of same) expect([name, sample]).toEqual([name, expect.objectContaining({ [name]: placeOf(name) })]);
  for (const [name, counter] of Object.entries(renamed)) expect(sample).toHaveProperty(name, placeOf(counter));
  expect(sample).toMatchObject({
    process: "p1",
    atMs: 5,
    startedAtMs: 1_000,
    slow: 7,
    outboxBytes: 8,
    waitingBytes: 9,
    loopDelayMs: 0.5,
    loopDelayMaxMs: 3,
  });
});

test("CPU time is that of the program and that which the system spends for it", () => {
  const usage = vi.spyOn(process, "cpuUsage").mockReturnValue({ user: 300, system: 40 });
  onTestFinished(() => usage.mockRestore());
  const view = new FakeView();
  const sums = { slow: 0, outboxBytes: 0, waitingBytes: 0 };
  expect(sampleOf({ view, figures: view.figures(), atMs: 5, sums }).cpuMicros).toBe(340);
});
