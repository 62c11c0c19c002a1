import { expect, test } from "vitest";
import { ownedPromise } from "./owned-promise.js";

const laterQueue = () => {
  const queue: (() => void)[] = [];
  return { later: (run: () => void) => queue.push(run), runAll: () => queue.splice(0).map((run) => run()) };
};
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a failure that nobody asked for goes to its owner, and is no unhandled rejection", async () => {
  const { later, runAll } = laterQueue();
  const errors: unknown[] = [];
  ownedPromise(Promise.reject(new Error("no broker")), (error) => errors.push(error), later);
  await settled();
  runAll();
  expect(errors).toMatchObject([{ message: "no broker" }]);
});

test("a failure that is awaited, or caught, is the caller's alone", async () => {
  const { later, runAll } = laterQueue();
  const errors: unknown[] = [];
  const alone = (error: unknown) => errors.push(error);
  await expect(
    (async () => {
      await ownedPromise(Promise.reject(new Error("awaited")), alone, later);
    })(),
  ).rejects.toThrow("awaited");
  ownedPromise(Promise.reject(new Error("caught")), alone, later).catch(() => {});
  await settled();
  runAll();
  expect(errors).toEqual([]);
});

test("the value comes through", async () => {
  const { later } = laterQueue();
  expect(await ownedPromise(Promise.resolve(3), () => {}, later)).toBe(3);
});
