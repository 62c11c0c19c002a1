import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { findJsonMisfit, type JsonDirection } from "./json-fit.js";
import type { Schema } from "./standard.js";
import { validate } from "./validate.js";

class Money {
  readonly cents = 5;
}

const found = (schema: Schema, direction: JsonDirection) => {
  const misfit = findJsonMisfit(schema, direction);
  return misfit && `${misfit.path.join(".")}: ${misfit.what}`;
};

const date = z.date();
const vDate = v.date();
const asDate = (text: string) => new Date(text);

test.each<[string, Schema, arrives: string | undefined, leaves: string | undefined]>([
  ["z.date()", z.date(), ": a Date", undefined],
  ["z.coerce.date()", z.coerce.date(), undefined, undefined],
  ["z.iso.datetime()", z.iso.datetime(), undefined, undefined],
  ["z.bigint()", z.bigint(), ": a bigint", ": a bigint"],
  ["z.int64()", z.int64(), ": a bigint", ": a bigint"],
  ["z.coerce.bigint()", z.coerce.bigint(), undefined, ": a bigint"],
  ["z.map()", z.map(z.string(), z.string()), ": a Map", ": a Map"],
  ["z.set()", z.set(z.string()), ": a Set", ": a Set"],
  ["z.symbol()", z.symbol(), ": a symbol", ": a symbol"],
  ["z.nan()", z.nan(), ": NaN", undefined],
  ["z.file()", z.file(), ": a File", ": a File"],
  ["z.instanceof(Money)", z.instanceof(Money), ": an instance of Money", undefined],
  ["z.instanceof(Date)", z.instanceof(Date), ": a Date", undefined],
  ["z.instanceof(Map)", z.instanceof(Map), ": a Map", ": a Map"],
  ["z.instanceof(Object)", z.instanceof(Object), undefined, undefined],
  ["z.custom()", z.custom(), undefined, undefined],
  ["z.any()", z.any(), undefined, undefined],
  ["z.unknown()", z.unknown(), undefined, undefined],
  ["z.never()", z.never(), undefined, undefined],
  ["z.undefined()", z.undefined(), undefined, undefined],
  ["z.void() in an object", z.object({ nothing: z.void() }), undefined, undefined],
  ["z.enum()", z.enum(["a", "b"]), undefined, undefined],
  ["z.literal(1n)", z.literal(1n), ": a bigint", ": a bigint"],
  ["z.literal([1n, 1])", z.literal([1n, 1]), undefined, ": a bigint"],
  ["z.templateLiteral()", z.templateLiteral(["a", z.bigint()]), undefined, undefined],
  ["z.json()", z.json(), undefined, undefined],
  ["optional", z.object({ at: date.optional() }), "at: a Date", undefined],
  ["exact optional", z.object({ at: z.exactOptional(z.bigint()) }), "at: a bigint", "at: a bigint"],
  ["nullable", z.object({ at: date.nullish() }), "at: a Date", undefined],
  ["default", z.object({ at: date.default(new Date(0)) }), "at: a Date", undefined],
  ["prefault", z.object({ at: date.prefault(new Date(0)) }), "at: a Date", undefined],
  ["catch", z.object({ at: date.catch(new Date(0)) }), "at: a Date", undefined],
  ["readonly", z.object({ n: z.bigint().readonly() }), "n: a bigint", "n: a bigint"],
  ["nonoptional", z.object({ n: z.bigint().optional().nonoptional() }), "n: a bigint", "n: a bigint"],
  ["refined", z.object({ at: date.min(new Date(0)).refine(() => true) }), "at: a Date", undefined],
  ["success", z.success(z.bigint()), ": a bigint", undefined],
  ["promise", z.promise(z.bigint()), ": a bigint", ": a bigint"],
  ["array", z.object({ a: z.array(z.object({ n: z.bigint() })) }), "a.[].n: a bigint", "a.[].n: a bigint"],
  ["record", z.record(z.string(), z.bigint()), "*: a bigint", "*: a bigint"],
  ["tuple", z.tuple([z.string(), z.bigint()]), "1: a bigint", "1: a bigint"],
  ["tuple's rest", z.tuple([z.string()], z.bigint()), "[]: a bigint", "[]: a bigint"],
  ["catchall", z.object({ a: z.string() }).catchall(z.bigint()), "*: a bigint", "*: a bigint"],
  ["loose object", z.looseObject({ a: z.string() }), undefined, undefined],
  ["strict object", z.strictObject({ a: z.string() }), undefined, undefined],
  ["union with one that fits", z.union([z.bigint(), z.string()]), undefined, ": a bigint"],
  ["union of misfits", z.union([z.bigint(), z.date()]), ": a bigint", ": a bigint"],
  ["xor", z.xor([z.string(), z.set(z.string())]), undefined, ": a Set"],
  [
    "discriminated union",
    z.discriminatedUnion("is", [
      z.object({ is: z.literal("a") }),
      z.object({ is: z.literal("b"), inner: z.object({ n: z.bigint() }) }),
    ]),
    undefined,
    "inner.n: a bigint",
  ],
  ["intersection", z.intersection(z.object({ a: z.string() }), z.object({ at: date })), "at: a Date", undefined],
  ["transform from a string", z.string().transform(asDate), undefined, undefined],
  ["transform from a Date", z.date().transform(String), ": a Date", undefined],
  ["transform from a bigint", z.bigint().transform(String), ": a bigint", undefined],
  [
    "pipe to a Set",
    z
      .string()
      .transform((text) => new Set(text))
      .pipe(z.set(z.string())),
    undefined,
    ": a Set",
  ],
  ["preprocess", z.preprocess(Number, z.bigint()), undefined, ": a bigint"],
  ["codec", z.codec(z.iso.datetime(), z.date(), { decode: asDate, encode: String }), undefined, undefined],
  ["codec to a bigint", z.codec(z.string(), z.bigint(), { decode: BigInt, encode: String }), undefined, ": a bigint"],
  ["stringbool", z.stringbool(), undefined, undefined],
  ["lazy", z.lazy(() => z.object({ at: date })), "at: a Date", undefined],
  ["zod/mini", mini.object({ at: mini.optional(mini.date()) }), "at: a Date", undefined],
  [
    "one schema, forgiven in a union and needed elsewhere",
    z.object({ a: z.union([date, z.string()]), b: date }),
    "b: a Date",
    undefined,
  ],
])("zod: %s arrives and leaves", (_, schema, arrives, leaves) => {
  expect(found(schema, "arrives")).toBe(arrives);
  expect(found(schema, "leaves")).toBe(leaves);
});

test("zod: a function never passes", () => {
  const schema = z.function() as unknown as Schema; // to zod's types it is none
  expect(found(schema, "arrives")).toBe(": a function");
  expect(found(schema, "leaves")).toBe(": a function");
});

test.each<[string, Schema, arrives: string | undefined, leaves: string | undefined]>([
  ["v.date()", v.date(), ": a Date", undefined],
  ["v.bigint()", v.bigint(), ": a bigint", ": a bigint"],
  ["v.map()", v.map(v.string(), v.string()), ": a Map", ": a Map"],
  ["v.set()", v.set(v.string()), ": a Set", ": a Set"],
  ["v.symbol()", v.symbol(), ": a symbol", ": a symbol"],
  ["v.function()", v.function(), ": a function", ": a function"],
  ["v.nan()", v.nan(), ": NaN", undefined],
  ["v.file()", v.file(), ": a File", ": a File"],
  ["v.blob()", v.blob(), ": a Blob", ": a Blob"],
  ["v.promise()", v.promise(), ": a Promise", ": a Promise"],
  ["v.instance(Money)", v.instance(Money), ": an instance of Money", undefined],
  ["v.instance(Set)", v.instance(Set), ": a Set", ": a Set"],
  ["v.instance(Array)", v.instance(Array), undefined, undefined],
  ["v.custom()", v.custom(() => true), undefined, undefined],
  ["v.any()", v.any(), undefined, undefined],
  ["v.unknown()", v.unknown(), undefined, undefined],
  ["v.never()", v.never(), undefined, undefined],
  ["v.void() in an object", v.object({ nothing: v.void() }), undefined, undefined],
  ["v.literal(1n)", v.literal(1n), ": a bigint", ": a bigint"],
  ["v.literal(symbol)", v.literal(Symbol("x")), ": a symbol", ": a symbol"],
  ["v.picklist([1n, 1])", v.picklist([1n, 1]), undefined, ": a bigint"],
  ["v.enum()", v.enum({ a: "a" }), undefined, undefined],
  ["optional", v.object({ at: v.optional(vDate) }), "at: a Date", undefined],
  ["exact optional", v.object({ at: v.exactOptional(vDate) }), "at: a Date", undefined],
  ["nullish", v.object({ n: v.nullish(v.bigint()) }), "n: a bigint", "n: a bigint"],
  ["non-optional", v.object({ n: v.nonOptional(v.optional(v.bigint())) }), "n: a bigint", "n: a bigint"],
  ["fallback", v.object({ at: v.fallback(vDate, new Date(0)) }), "at: a Date", undefined],
  ["strict object", v.strictObject({ n: v.bigint() }), "n: a bigint", "n: a bigint"],
  ["loose object", v.looseObject({ n: v.bigint() }), "n: a bigint", "n: a bigint"],
  ["object's rest", v.objectWithRest({ a: v.string() }, v.bigint()), "*: a bigint", "*: a bigint"],
  ["asynchronous object", v.objectAsync({ n: v.bigint() }), "n: a bigint", "n: a bigint"],
  ["array", v.object({ a: v.array(v.object({ n: v.bigint() })) }), "a.[].n: a bigint", "a.[].n: a bigint"],
  ["record", v.record(v.string(), v.bigint()), "*: a bigint", "*: a bigint"],
  ["tuple", v.tuple([v.string(), v.bigint()]), "1: a bigint", "1: a bigint"],
  ["strict tuple", v.strictTuple([v.bigint()]), "0: a bigint", "0: a bigint"],
  ["loose tuple", v.looseTuple([v.bigint()]), "0: a bigint", "0: a bigint"],
  ["tuple's rest", v.tupleWithRest([v.string()], v.bigint()), "[]: a bigint", "[]: a bigint"],
  ["union with one that fits", v.union([v.bigint(), v.string()]), undefined, ": a bigint"],
  ["union of misfits", v.union([v.date(), v.bigint()]), ": a Date", ": a bigint"],
  [
    "variant",
    v.variant("is", [v.object({ is: v.literal("a") }), v.object({ is: v.literal("b"), n: v.bigint() })]),
    undefined,
    "n: a bigint",
  ],
  ["intersect", v.intersect([v.object({ a: v.string() }), v.object({ at: vDate })]), "at: a Date", undefined],
  ["lazy", v.lazy(() => v.object({ at: vDate })), "at: a Date", undefined],
  ["lazy that asks for the value", v.lazy((input) => (input === 1 ? v.number() : v.date())), undefined, undefined],
  ["pipe of checks", v.pipe(v.bigint(), v.minValue(1n), v.title("n")), ": a bigint", ": a bigint"],
  ["pipe that brands", v.pipe(v.bigint(), v.brand("n"), v.readonly()), ": a bigint", ": a bigint"],
  ["pipe that transforms", v.pipe(v.string(), v.transform(asDate)), undefined, undefined],
  ["pipe that transforms a bigint", v.pipe(v.bigint(), v.transform(String)), ": a bigint", undefined],
  ["pipe that makes a bigint", v.pipe(v.string(), v.toBigint()), undefined, ": a bigint"],
  ["pipe to a schema", v.pipe(v.string(), v.toBigint(), v.bigint()), undefined, ": a bigint"],
  ["pipe in a pipe", v.pipe(v.pipe(v.bigint(), v.minValue(1n)), v.maxValue(9n)), ": a bigint", ": a bigint"],
  ["one schema twice", v.object({ a: v.union([vDate, v.string()]), b: vDate }), "b: a Date", undefined],
])("valibot: %s arrives and leaves", (_, schema, arrives, leaves) => {
  expect(found(schema, "arrives")).toBe(arrives);
  expect(found(schema, "leaves")).toBe(leaves);
});

/** What the fixes say to write, written: so it is checked for its types, too. */
const written: Readonly<Record<string, Schema>> = {
  "z.coerce.date()": z.coerce.date(),
  "z.coerce.bigint()": z.coerce.bigint(),
  "z.coerce.string()": z.coerce.string(),
  "z.record(z.string(), …)": z.record(z.string(), z.string()),
  "z.array(…)": z.array(z.string()),
  "z.null()": z.null(),
  "z.base64()": z.base64(),
  "z.object({ … })": z.object({}),
  "v.pipe(v.string(), v.transform((text) => new Date(text)), v.date())": v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
    v.date(),
  ),
  "v.pipe(v.string(), v.regex(/^-?\\d+$/), v.transform((digits) => BigInt(digits)))": v.pipe(
    v.string(),
    v.regex(/^-?\d+$/),
    v.transform((digits) => BigInt(digits)),
  ),
  "v.pipe(v.bigint(), v.transform(String))": v.pipe(v.bigint(), v.transform(String)),
  "v.record(v.string(), …)": v.record(v.string(), v.string()),
  "v.array(…)": v.array(v.string()),
  "v.null()": v.null(),
  "v.pipe(v.string(), v.base64())": v.pipe(v.string(), v.base64()),
  "v.object({ … })": v.object({}),
};

function schemaOf(fix: string | undefined): Schema {
  const schema = written[/^Write (.*): /.exec(fix ?? "")?.[1] ?? ""];
  if (schema === undefined) throw new Error(`Write down what this fix says: ${fix}`);
  return schema;
}

const aDate = new Date("2026-01-02T03:04:05.678Z");

test.each<[string, Schema, unknown, unknown]>([
  // what is in the schema, what a client sends in its place, what the handler gets
  ["z.date()", z.date(), aDate, aDate],
  ["z.bigint()", z.bigint(), "12345678901234567890", 12345678901234567890n],
  ["z.map()", z.map(z.string(), z.string()), { a: "b" }, { a: "b" }],
  ["z.set()", z.set(z.string()), ["a"], ["a"]],
  ["z.nan()", z.nan(), Number.NaN, null],
  ["z.file()", z.file(), "aGk=", "aGk="],
  ["z.instanceof(Money)", z.instanceof(Money), new Money(), {}],
  ["v.date()", v.date(), aDate, aDate],
  ["v.bigint()", v.bigint(), "-12345678901234567890", -12345678901234567890n],
  ["v.map()", v.map(v.string(), v.string()), { a: "b" }, { a: "b" }],
  ["v.set()", v.set(v.string()), ["a"], ["a"]],
  ["v.nan()", v.nan(), Number.NaN, null],
  ["v.file()", v.file(), "aGk=", "aGk="],
  ["v.blob()", v.blob(), "aGk=", "aGk="],
  ["v.instance(Money)", v.instance(Money), new Money(), {}],
])("what arrives in the place of %s fits what the fix says", async (_, schema, sent, expected) => {
  const fixed = schemaOf(findJsonMisfit(schema, "arrives")?.fix);
  expect(findJsonMisfit(fixed, "arrives")).toBeUndefined();
  expect(await validate(fixed, JSON.parse(JSON.stringify(sent)))).toEqual({ value: expected });
});

test.each<[string, Schema, unknown, unknown]>([
  // what is in the schema, what is sent in its place, what the client gets
  ["z.bigint()", z.bigint(), 12345678901234567890n, "12345678901234567890"],
  ["z.map()", z.map(z.string(), z.string()), Object.fromEntries(new Map([["a", "b"]])), { a: "b" }],
  ["z.set()", z.set(z.string()), [...new Set(["a"])], ["a"]],
  ["z.file()", z.file(), "aGk=", "aGk="],
  ["v.bigint()", v.bigint(), 12345678901234567890n, "12345678901234567890"],
  ["v.map()", v.map(v.string(), v.string()), Object.fromEntries(new Map([["a", "b"]])), { a: "b" }],
  ["v.set()", v.set(v.string()), [...new Set(["a"])], ["a"]],
  ["v.file()", v.file(), "aGk=", "aGk="],
  ["v.blob()", v.blob(), "aGk=", "aGk="],
])("what leaves in the place of %s fits what the fix says", async (_, schema, sent, expected) => {
  const fixed = schemaOf(findJsonMisfit(schema, "leaves")?.fix);
  expect(findJsonMisfit(fixed, "leaves")).toBeUndefined();
  const validated = await validate(fixed, sent);
  expect(JSON.parse(JSON.stringify(validated))).toEqual({ value: expected });
});

test("garbage in the place of a Date or a bigint is answered, and does not throw", async () => {
  for (const schema of [z.date(), z.bigint(), v.date(), v.bigint()]) {
    const fixed = schemaOf(findJsonMisfit(schema, "arrives")?.fix);
    expect(await validate(fixed, "garbage")).toMatchObject({ issues: [{ path: [] }] });
  }
});

test("a fix is a sentence in the words of the validator", () => {
  expect(findJsonMisfit(z.object({ at: z.date() }), "arrives")).toEqual({
    path: ["at"],
    what: "a Date",
    fix: "Write z.coerce.date(): it takes the string that a Date becomes.",
  });
  expect(findJsonMisfit(v.object({ at: v.date() }), "arrives")?.fix).toBe(
    "Write v.pipe(v.string(), v.transform((text) => new Date(text)), v.date()): it takes the string that a Date becomes.",
  );
  expect(findJsonMisfit(z.symbol(), "leaves")?.fix).toBe("Leave it out: JSON has nothing for it.");
});

test("a schema that contains itself comes to an end", () => {
  const fitting = z.object({
    name: z.string(),
    get children() {
      return z.array(fitting);
    },
  });
  const odd = z.object({
    get children() {
      return z.array(odd).optional();
    },
    at: z.date(),
  });
  expect(found(fitting, "arrives")).toBeUndefined();
  expect(found(odd, "arrives")).toBe("at: a Date");

  type Node = { n: bigint; next?: Node | undefined };
  const node: v.GenericSchema<Node> = v.object({ n: v.bigint(), next: v.optional(v.lazy(() => node)) });
  expect(found(node, "leaves")).toBe("n: a bigint");
});

test("a schema that is made anew at each step comes to an end", () => {
  const endless = (): z.ZodType => z.lazy(endless);
  expect(found(endless(), "arrives")).toBeUndefined();
  const wide = (): z.ZodType => z.object({ a: z.lazy(wide), b: z.lazy(wide) });
  expect(found(wide(), "leaves")).toBeUndefined();
});

test("a getter that needs what is declared further down passes", () => {
  const early = z.object({
    get later(): z.ZodType {
      throw new ReferenceError("Cannot access 'later' before initialization");
    },
  });
  expect(found(early, "arrives")).toBeUndefined();
  const lazy = z.lazy((): z.ZodType => {
    throw new ReferenceError("Cannot access 'later' before initialization");
  });
  expect(found(lazy, "arrives")).toBeUndefined();
});

test("a bigint that was given a toJSON may leave", () => {
  Object.defineProperty(BigInt.prototype, "toJSON", { value: String, configurable: true });
  try {
    expect(found(z.bigint(), "leaves")).toBeUndefined();
  } finally {
    Reflect.deleteProperty(BigInt.prototype, "toJSON");
  }
  expect(found(z.bigint(), "leaves")).toBe(": a bigint");
});

type Convert = (options: unknown) => unknown;

/** A schema of another validator, with its Standard JSON Schema converter. */
function otherSchema(input?: Convert, output = input): Schema {
  const standard = { version: 1, vendor: "other", validate: (value: unknown) => ({ value }) } as const;
  return { "~standard": { ...standard, ...(input && { jsonSchema: { input, output } }) } };
}

/** What arktype 2 gives where JSON Schema has no word: it asks the fallback that it was handed. */
function arktypeSchema(write: (fallback: Record<string, Convert>) => unknown): Schema {
  return otherSchema((options) => {
    // What findJsonMisfit hands over; were it something else, the test would fail.
    const { libraryOptions } = options as { libraryOptions: { fallback: Record<string, Convert> } };
    return write(libraryOptions.fallback);
  });
}

const object = (properties: Record<string, unknown>) => ({ type: "object", properties });

test.each<[string, Schema, arrives: string | undefined, leaves: string | undefined]>([
  ["bigint", arktypeSchema((say) => say.domain?.({ base: {}, domain: "bigint" })), ": a bigint", ": a bigint"],
  ["1n", arktypeSchema((say) => say.unit?.({ base: {}, unit: 1n })), ": a bigint", ": a bigint"],
  ["undefined", arktypeSchema((say) => say.unit?.({ base: {}, unit: undefined })), undefined, undefined],
  ["Map", arktypeSchema((say) => say.proto?.({ base: {}, proto: Map })), ": a Map", ": a Map"],
  ["Function", arktypeSchema((say) => say.proto?.({ base: {}, proto: Function })), ": a function", ": a function"],
  ["Money", arktypeSchema((say) => say.proto?.({ base: {}, proto: Money })), ": an instance of Money", undefined],
  ["{at: Date}", arktypeSchema((say) => object({ at: say.date?.({ base: {} }) })), "at: a Date", undefined],
  [
    "string | bigint",
    arktypeSchema((say) => ({ anyOf: [{ type: "string" }, say.domain?.({ domain: "bigint" })] })),
    undefined,
    ": a bigint",
  ],
  [
    "[string, Date[]]",
    arktypeSchema((say) => ({
      type: "array",
      prefixItems: [{ type: "string" }, { type: "array", items: say.date?.({}) }],
      items: false,
    })),
    "1.[]: a Date",
    undefined,
  ],
  [
    "{[string]: Date}",
    arktypeSchema((say) => ({ type: "object", additionalProperties: say.date?.({}) })),
    "*: a Date",
    undefined,
  ],
  ["a narrowed string", arktypeSchema((say) => say.default?.({ base: { type: "string" } })), undefined, undefined],
])("arktype: %s arrives and leaves", (_, schema, arrives, leaves) => {
  expect(found(schema, "arrives")).toBe(arrives);
  expect(found(schema, "leaves")).toBe(leaves);
});

test("for another validator the fix is in words", () => {
  const schema = arktypeSchema((say) => object({ at: say.date?.({}) }));
  expect(findJsonMisfit(schema, "arrives")?.fix).toBe("Take a string, and make the Date of it in the schema.");
});

test.each<[string, Schema]>([
  ["without a converter", otherSchema()],
  [
    "with a JSON Schema",
    otherSchema(() => object({ name: { type: ["string", "null"] }, date: { $ref: "#/$defs/d" } })),
  ],
  ["with a JSON Schema that is true", otherSchema(() => true)],
  [
    "with a converter that throws",
    otherSchema(() => {
      throw new Error("predicate: Function(isBigint)");
    }),
  ],
])("what is not understood passes: a validator %s", (_, schema) => {
  expect(found(schema, "arrives")).toBeUndefined();
  expect(found(schema, "leaves")).toBeUndefined();
});

test("the converter is asked for the direction's own side, in draft 2020-12", () => {
  const asked: unknown[] = [];
  const schema = otherSchema(
    (options) => asked.push("input", options),
    (options) => asked.push("output", options),
  );
  findJsonMisfit(schema, "arrives");
  findJsonMisfit(schema, "leaves");
  const options = expect.objectContaining({ target: "draft-2020-12" });
  expect(asked).toEqual(["input", options, "output", options]);
});
