import { runInNewContext } from "node:vm";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Schema } from "./standard.js";
import { validate, validateNow } from "./validate.js";

test("a value that fits comes out as the schema makes it", () => {
  expect(validate(z.object({ n: z.coerce.number(), tag: z.string().default("x") }), { n: "3" })).toEqual({
    value: { n: 3, tag: "x" },
  });
  expect(validate(v.object({ n: v.number() }), { n: 3, more: true })).toEqual({ value: { n: 3 } });
});

test("what does not fit is named by its path, for zod and for valibot", () => {
  const value = { users: [{ name: "ana" }, { name: 7 }] };
  const path = ["users", 1, "name"];
  expect(validate(z.object({ users: z.array(z.object({ name: z.string() })) }), value)).toMatchObject({
    issues: [{ path, message: expect.stringContaining("string") }],
  });
  expect(validate(v.object({ users: v.array(v.object({ name: v.string() })) }), value)).toMatchObject({
    issues: [{ path, message: expect.stringContaining("string") }],
  });
});

test.each([
  [100, 100],
  [101, 101],
  [5_000, 101],
])("of %i places that do not fit %i are told: of more it is known that there are more", (count, told) => {
  const value = Array.from({ length: count }, () => "x");
  for (const schema of [z.array(z.number()), v.array(v.number())]) {
    const validated = validate(schema, value);
    expect("issues" in validated && validated.issues.map(({ path }) => path)).toEqual(
      Array.from({ length: told }, (_, index) => [index]),
    );
  }
});

test("an asynchronous schema answers with a promise, and is refused for what is sent", async () => {
  const schema = z.string().refine(async (text) => text !== "no");
  expect(await validate(schema, "yes")).toEqual({ value: "yes" });
  expect(() => validateNow(schema, "yes")).toThrow(TypeError);
});

/** A schema as somebody may write it, in whatever language. */
const giving = (given: unknown): Schema => {
  return { "~standard": { version: 1, vendor: "own", validate: () => given as never } };
};

/** As of a promise library, or of a test runner that has a realm of its own. */
const later = (outcome: unknown) => runInNewContext("(async () => outcome)()", { outcome }) as unknown;
const thenable = (outcome: unknown) => {
  // biome-ignore lint/suspicious/noThenProperty: a promise that is none of the language's
  return { then: (resolve: (outcome: unknown) => void) => resolve(outcome) };
};

test.each([
  ["another realm", later],
  ["another library", thenable],
])("a promise of %s is waited for like any other", async (_, promiseOf) => {
  const refusal = { issues: [{ path: ["n"], message: "no" }] };
  const refused = validate(giving(promiseOf(refusal)), { n: "evil" });
  expect(refused).toBeInstanceOf(Promise);
  expect(await refused).toEqual(refusal);
  expect(await validate(giving(promiseOf({ value: 1 })), 1)).toEqual({ value: 1 });
  expect(() => validateNow(giving(promiseOf({ value: 1 })), 1)).toThrow("synchronous");
  const away = giving(runInNewContext("Promise.reject(new Error('away'))"));
  await expect(validate(away, 1)).rejects.toThrow("away");
});

test.each([{}, null, undefined, true, "fits", { valid: true }])("where a schema says %j nothing fits", async (said) => {
  expect(() => validate(giving(said), 1)).toThrow(TypeError);
  await expect(validate(giving(later(said)), 1)).rejects.toThrow("neither a `value` nor `issues`");
});

test("a schema may give `undefined`", () => {
  expect(validate(giving({ value: undefined }), 1)).toEqual({ value: undefined });
  expect(validate(giving(Object.create({ value: 7 })), 1)).toEqual({ value: 7 });
});

test("a check that rejects is the caller's to catch, and runs once: a schema that is asynchronous is not tried otherwise first", async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", listener);
  try {
    let runs = 0;
    let isAway = false;
    const schema = z.object({
      id: z.string().refine(async () => {
        runs += 1;
        if (isAway) throw new Error("the database is away");
        return true;
      }),
    });
    expect(await validate(schema, { id: "a" })).toEqual({ value: { id: "a" } });
    [runs, isAway] = [0, true];
    await expect(validate(schema, { id: "a" })).rejects.toThrow("the database is away");
    expect(runs).toBe(1);
    // What nobody catches is told when the turn's promises are settled.
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    isAway = false;
    expect(await validate(schema, { id: 7 })).toMatchObject({ issues: [{ path: ["id"] }] });
  } finally {
    process.off("unhandledRejection", listener);
  }
});
