import { expect, test } from "vitest";
import { awaited, runSteps, type Steps } from "./steps.js";

const later = <Value>(value: Value) => Promise.resolve(value);

test("steps that wait for nothing are done when the call returns", () => {
  function* twice(value: number): Steps<number> {
    return (yield* awaited(value)) * 2;
  }
  const steps = function* (): Steps<number> {
    return (yield* twice(1)) + (yield* awaited(3));
  };
  expect(runSteps(steps)).toBe(5);
});

test("steps that wait go on when what they wait for is there, in their order", async () => {
  const log: unknown[] = [];
  const result = runSteps(function* () {
    log.push(yield* awaited(later("first")));
    log.push(yield* awaited("second"));
    log.push(yield* awaited(later("third")));
    return log.length;
  });
  expect(log).toEqual([]);
  expect(await result).toBe(3);
  expect(log).toEqual(["first", "second", "third"]);
});

test("what a step throws is thrown, or is why the promise rejects, and can be caught within", async () => {
  const fail = (error: string): never => {
    throw new Error(error);
  };
  expect(() => runSteps(() => fail("at once"))).toThrow("at once");
  const steps = function* (): Steps<string> {
    try {
      yield* awaited(Promise.reject(new Error("caught")));
    } catch (error) {
      yield* awaited(later(undefined));
      return fail(`after ${(error as Error).message}`);
    }
    return "not reached";
  };
  await expect(runSteps(steps)).rejects.toThrow("after caught");
  const kept = function* (): Steps<string> {
    try {
      return yield* awaited(Promise.reject(new Error("caught")));
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(await runSteps(kept)).toBe("caught");
});

test("what is thenable is waited for, whoever made it", async () => {
  // biome-ignore lint/suspicious/noThenProperty: as another library's promise
  const foreign = { then: (resolve: (value: string) => void) => resolve("there") } as unknown as Promise<string>;
  expect(await runSteps(() => awaited(foreign))).toBe("there");
});
