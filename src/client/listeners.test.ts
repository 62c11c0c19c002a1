import { expect, test } from "vitest";
import { Listeners } from "./listeners.js";

type Happenings = { said: [text: string]; left: [] };

test("those of a type are called in the order in which they came, and no others", () => {
  const listeners = new Listeners<Happenings>();
  const calls: string[] = [];
  listeners.on("said", (text) => calls.push(`first ${text}`));
  listeners.on("left", () => calls.push("left"));
  listeners.on("said", (text) => calls.push(`second ${text}`));
  listeners.emit("said", "hi");
  expect(calls).toEqual(["first hi", "second hi"]);
});

test("the same function may listen twice, and each is ended by itself", () => {
  const listeners = new Listeners<Happenings>();
  const calls: string[] = [];
  const listen = (text: string) => calls.push(text);
  const stop = listeners.on("said", listen);
  listeners.on("said", listen);
  stop();
  stop();
  listeners.emit("said", "hi");
  expect(calls).toEqual(["hi"]);
});

test("what nobody listens to happens all the same", () => {
  const listeners = new Listeners<Happenings>();
  expect(() => listeners.emit("said", "hi")).not.toThrow();
});

test("one that throws keeps it from none of the others, and the page hears of it", async () => {
  const listeners = new Listeners<Happenings>();
  const broken = new Error("broken");
  const calls: string[] = [];
  listeners.on("said", () => {
    throw broken;
  });
  listeners.on("said", (text) => calls.push(text));
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  const thrown = new Promise((resolve) => process.once("uncaughtException", resolve));
  listeners.emit("said", "hi");
  expect(calls).toEqual(["hi"]);
  expect(await thrown).toBe(broken);
  for (const listener of before) process.on("uncaughtException", listener);
});

test("one that ends another keeps it from being called", () => {
  const listeners = new Listeners<Happenings>();
  const calls: string[] = [];
  const stops: (() => void)[] = [];
  listeners.on("said", () => stops[0]?.());
  stops.push(listeners.on("said", (text) => calls.push(text)));
  listeners.emit("said", "hi");
  expect(calls).toEqual([]);
});

test("one that ends itself and listens again is called once for each time", () => {
  const listeners = new Listeners<Happenings>();
  let calls = 0;
  let stop = () => {};
  const again = () => {
    calls += 1;
    stop();
    if (calls < 100) stop = listeners.on("said", again);
  };
  stop = listeners.on("said", again);
  listeners.emit("said", "hi");
  expect(calls).toBe(1);
  listeners.emit("said", "hi");
  expect(calls).toBe(2);
});
