import { type AnyEndpoint, channel, endpoint, rawEndpoint, type Schema } from "tidings";
import { bearer, firstOf, jwt, session } from "tidings/auth";
import { tasks } from "tidings/tasks";
import * as v from "valibot";
import { z } from "zod";
import type { JsonSchema } from "../../src/schema/json-schema.js";

/** Apps that ask a lot of their document, by what is odd about each. */
export const oddApps: Readonly<Record<string, () => readonly AnyEndpoint[]>> = {
  "no endpoints": () => [],
  "raw endpoints alone": () => [rawEndpoint("/", { run: async () => {} }), rawEndpoint("/silent", {})],
  "schemas that refer to themselves": () => [receiving("/ws", recursions())],
  "unions, tuples, maps": () => [receiving("/ws", choices()), sending("/out", choices())],
  "what becomes something else": () => [receiving("/ws", changes()), sending("/out", changes())],
  "texts and numbers with rules": () => [receiving("/ws", bounds())],
  "examples of their authors": () => [receiving("/ws", exemplary())],
  "checks that wait, throw or can't be guessed": () => [receiving("/ws", checks())],
  "no JSON Schema": () => [receiving("/ws", { a: v.object({ text: v.string() }), b: v.string() })],
  "converters that go wrong": () => [receiving("/ws", broken())],
  "keywords that hold what they must not": () => [receiving("/ws", malformed()), sending("/out", malformed())],
  "references where there are none": () => [receiving("/ws", astray()), sending("/out", astray())],
  "converters of other kinds": () => [receiving("/ws", foreign()), sending("/out", foreign())],
  "names that clash": clashing,
  "names with odd characters": () => [
    endpoint("/ws/ä b/{x}/:order_id", { receives: { "a:b.c-d_e": z.object({}) }, on: { "a:b.c-d_e": () => {} } }),
  ],
  "credentials in all places": credentials,
  "params and queries with schemas": parametrised,
  "channels of all kinds": channels,
};

type Converter = (options: { readonly target: string }) => unknown;

/** A schema of nobody's validator, which is what its maker says of it. */
export function schemaOf(
  input: Converter,
  output: Converter = input,
  validate: Schema["~standard"]["validate"] = (value) => ({ value }),
): Schema {
  return { "~standard": { version: 1, vendor: "nobody", validate, jsonSchema: { input, output } } } as Schema; // with more than it must have
}

type Schemas = Readonly<Record<string, Schema>>;

function receiving(path: string, receives: Schemas): AnyEndpoint {
  return untypedEndpoint(path, { receives });
}

function sending(path: string, sends: Schemas): AnyEndpoint {
  return untypedEndpoint(path, { sends });
}

/** Of messages that are known when it runs. */
function untypedEndpoint(
  path: string,
  { receives = {}, ...rest }: { readonly receives?: Schemas; readonly sends?: Schemas; readonly channels?: object },
): AnyEndpoint {
  const on = Object.fromEntries(Object.keys(receives).map((type) => [type, () => {}]));
  // Its type would want to know the names.
  return (endpoint as (path: string, options: object) => AnyEndpoint)(path, { receives, on, ...rest });
}

function recursions(): Schemas {
  const Tree = z.object({
    name: z.string(),
    get kids() {
      return z.array(Tree);
    },
  });
  const Named = z
    .object({
      text: z.string(),
      get next() {
        return Named.optional();
      },
    })
    .meta({ id: "CorpusNamed" });
  const Endless = z.object({
    get again() {
      return Endless;
    },
  });
  const One = z.object({
    get other() {
      return Other.nullable();
    },
  });
  const Other = z.object({
    get one() {
      return One.nullable();
    },
  });
  return {
    root: Tree,
    twice: z.object({ left: Tree, right: Tree }),
    named: Named,
    named_again: z.object({ first: Named }),
    endless: Endless.partial(),
    mutual: One,
    list: z.array(z.union([z.string(), Tree])),
    json: z.json(),
  };
}

function choices(): Schemas {
  return {
    kinds: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number().positive() }),
      z.object({ kind: z.literal("square"), side: z.number().positive() }),
    ]),
    either: z.union([z.null(), z.string(), z.number()]),
    nullable: z.string().nullable(),
    tuple: z.tuple([z.string(), z.int()]).rest(z.boolean()),
    map: z.record(z.string(), z.number()),
    fixed_map: z.record(z.enum(["a", "b"]), z.number()),
    both: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
    literals: z.literal([1, "a", null]),
    template: z.templateLiteral(["v", z.int(), ".", z.int()]),
    anything: z.any(),
    nothing: z.null(),
    loose: z.looseObject({ a: z.string() }),
    strict: z.strictObject({ a: z.string() }),
    never: z.object({ never: z.never().optional(), a: z.string() }),
    ref: z.object({ $ref: z.string(), "a/b~c": z.string() }),
  };
}

function changes(): Schemas {
  return {
    date: z.object({ at: z.coerce.date(), maybe: z.coerce.date().optional() }),
    number: z.coerce.number(),
    default: z.object({ version: z.int().default(3), name: z.string().prefault("x"), on: z.boolean().catch(true) }),
    transformed: z.object({ text: z.string() }).transform(({ text }) => ({ text, length: text.length })),
    piped: z
      .object({ text: z.string() })
      .transform(({ text }) => ({ text, length: text.length }))
      .pipe(z.object({ text: z.string(), length: z.int() })),
    before: z.preprocess((value) => value ?? {}, z.object({ a: z.string().optional() })),
    flag: z.stringbool(),
    codec: z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    }),
  };
}

function bounds(): Schemas {
  return {
    texts: z.object({
      short: z.string().max(2),
      long: z.string().min(40),
      exact: z.string().length(7),
      order: z.string().regex(/^[A-Z]{3}-\d{4}$/),
      either: z.string().regex(/^(?:red|green)(?<shade>ish)?$/),
      parts: z.string().startsWith("ab").includes("cd").endsWith("ef"),
      lower: z.string().lowercase(),
      trimmed: z.string().trim().min(1),
    }),
    formats: z.object({
      email: z.email(),
      url: z.url(),
      id: z.uuid(),
      v4: z.uuidv4(),
      at: z.iso.datetime(),
      day: z.iso.date(),
      time: z.iso.time(),
      span: z.iso.duration(),
      ip: z.ipv4(),
      ip6: z.ipv6(),
      bytes: z.base64(),
      phone: z.e164(),
      ulid: z.ulid(),
      cuid: z.cuid2(),
      nano: z.nanoid(),
      emoji: z.emoji(),
    }),
    numbers: z.object({
      percent: z.number().min(0).max(100),
      large: z.int().min(1_000_000),
      negative: z.number().negative(),
      step: z.number().multipleOf(5).gt(3).lt(100),
      fraction: z.number().gt(0).lt(1),
      int: z.int32(),
    }),
    lists: z.object({
      three: z.array(z.string()).length(3),
      some: z.array(z.object({ id: z.int() })).min(2),
      none: z.array(z.never()),
      fewest: z.array(z.string()).max(0),
    }),
  };
}

function exemplary(): Schemas {
  return {
    own: z
      .object({ text: z.string() })
      .meta({ title: "Say", description: "Says it.", examples: [{ text: "hi" }, { text: "ho" }] }),
    fields: z.object({ text: z.string().meta({ examples: ["hi"], description: "In words." }) }),
    unfit: z.object({ text: z.string() }).meta({ examples: [{ text: 5 }] }),
    odd: z.object({ text: z.string() }).meta(ODD),
    long: z.object({}).meta({ description: "Line\nby line." }),
  };
}

/** Who writes no types may write this. */
const ODD: Readonly<Record<string, unknown>> = { title: 5, examples: "none", deprecated: "yes" };

function checks(): Schemas {
  return {
    later: z.object({ text: z.string() }).refine(async () => false),
    magic: z.string().refine((text) => text === "magic"),
    throws: z.string().refine(() => {
      throw new Error("not now");
    }),
    rejects: schemaOf(
      () => ({ type: "string" }),
      () => ({ type: "string" }),
      () => Promise.reject(new Error("not later either")),
    ),
  };
}

function broken(): Schemas {
  const circle: Record<string, unknown> = { type: "object" };
  circle.properties = { circle };
  return {
    throws: schemaOf(() => {
      throw new Error("can't");
    }),
    list: schemaOf(() => [1]),
    nothing: schemaOf(() => undefined),
    text: schemaOf(() => "schema"),
    circle: schemaOf(() => circle),
    bigint: schemaOf(() => ({ type: "object", default: 1n })),
    outside: schemaOf(() => ({ type: "object", properties: { a: { $ref: "https://example.com/a.json" } } })),
    missing: schemaOf(() => ({ type: "object", properties: { a: { $ref: "#/definitions/None" } } })),
    round: schemaOf(() => ({ $ref: "#/definitions/A", definitions: { A: { $ref: "#/definitions/A" } } })),
    boolean: schemaOf(() => ({ type: "object", properties: { a: true, b: false } })),
    pattern: schemaOf(() => ({ type: "string", format: "unheard-of", minLength: 3 })),
  };
}

function malformed(): Schemas {
  const parts: readonly JsonSchema[] = [
    { type: 5 },
    { type: [] },
    { type: ["string", "null", 5] },
    { required: "abc" },
    { required: true },
    { required: [1, null] },
    { enum: "abc" },
    { enum: {} },
    { enum: [] },
    { anyOf: {} },
    { anyOf: [null] },
    { allOf: [] },
    { oneOf: [1] },
    { items: null },
    { items: [] },
    { properties: null },
    { properties: [1] },
    { properties: { a: null }, required: ["a"] },
    { patternProperties: { "(": { type: "string" } } },
    { dependencies: { a: 5, $ref: ["b"] } },
    { additionalProperties: "no", propertyNames: 5, not: [] },
    { type: "array", minItems: -1, maxItems: 1.5, uniqueItems: "yes" },
    { type: "string", pattern: "(", format: 5, minLength: "1" },
    { type: "string", pattern: 5, title: {}, description: 1 },
    { type: "number", multipleOf: 0, minimum: "1", exclusiveMinimum: true },
    { externalDocs: "here", discriminator: { propertyName: "kind" }, deprecated: 1 },
    { definitions: [], $defs: 5 },
  ].map((part) => part as JsonSchema); // as those write it who have no types
  return converted(parts);
}

function astray(): Schemas {
  const away = { $ref: "file:///etc/passwd" };
  return converted([
    { $ref: 5 as unknown as string }, // likewise
    { default: away },
    { const: away },
    { const: { a: [away] } },
    { enum: ["a", away] },
    { examples: [away, { a: away }] },
    { "x-mine": { a: away }, unevaluatedProperties: away },
    { $ref: "#/properties/a/properties/b", properties: { a: { properties: { b: { type: "string" } } } } },
    { properties: { a: { $ref: "#/properties/a" }, b: { $ref: "#/properties/c/properties/d" } } },
    { $ref: "#/definitions/A/definitions/B", definitions: { A: { definitions: { B: { type: "string" } } } } },
    { $ref: "#/definitions/A/type", definitions: { A: { type: "string" } } },
    { $ref: "#/$defs/%E0%A4%A", $defs: { "%E0%A4%A": { type: "string" } } },
  ]);
}

/** Each on its own, and as a field. */
function converted(all: readonly JsonSchema[]): Schemas {
  const schemas = all.flatMap((json) => [json, { type: "object", properties: { field: json } }]);
  return Object.fromEntries(schemas.map((json, index) => [`odd_${index}`, schemaOf(() => json)]));
}

function foreign(): Schemas {
  return {
    // As valibot and arktype write what refers to itself.
    numbered: schemaOf(() => ({
      type: "object",
      properties: { kids: { type: "array", items: { $ref: "#/$defs/0" } } },
      $defs: { 0: { type: "object", properties: { kids: { type: "array", items: { $ref: "#/$defs/0" } } } } },
    })),
    intersection: schemaOf(() => ({
      $ref: "#/definitions/intersection7",
      definitions: {
        intersection7: { type: "object", properties: { next: { $ref: "#/definitions/intersection7" } }, required: [] },
      },
    })),
    inward: schemaOf(() => ({
      type: "object",
      properties: { a: { type: "string" }, b: { $ref: "#/properties/a" } },
      required: ["a", "b"],
    })),
    same_name: schemaOf(() => ({ $ref: "#/definitions/Item", definitions: { Item: { type: "string" } } })),
    other_of_the_name: schemaOf(() => ({ $ref: "#/definitions/Item", definitions: { Item: { type: "integer" } } })),
    spaced: schemaOf(() => ({
      $ref: "#/definitions/My%20Item~1s",
      $id: "https://example.com/item.json",
      definitions: { "My Item/s": { type: "string" } },
    })),
    data: schemaOf(() => ({ type: "object", properties: { a: { const: { b: 1 } } }, required: ["a"] })),
  };
}

function clashing(): readonly AnyEndpoint[] {
  const text = z.object({ text: z.string() });
  const said = channel("said", { events: { say: text }, allow: { subscribe: true, publish: true } });
  const say = channel("say/:room", { events: { say: text, gap_: text } });
  const receives = {
    say: text,
    "say.reply": text,
    "a:b": text,
    a_b: text,
    connected: text,
    subscribed: text,
    error: text,
  };
  const sends = { say: text, subscribe: text, publish: text };
  return [
    untypedEndpoint("/ws/a/b", { receives, sends, channels: [said, say] }),
    endpoint("/ws/a_b", { receives: { say: z.object({ text: z.int() }) }, on: { say: () => {} }, channels: [said] }),
    endpoint("/:ws/a/:b/c", {}),
  ];
}

function credentials(): readonly AnyEndpoint[] {
  const lookup = () => ({ id: "alice" });
  const token = jwt({ secret: SECRET, from: ["header", "subprotocol", "query", "message"] });
  const cookie = session({ cookie: "my.session", lookup });
  const key = bearer({ verify: lookup, from: ["header"] });
  return [
    endpoint("/all", { auth: firstOf(token, cookie) }),
    endpoint("/header", { auth: key, subprotocols: ["mine.v1"], closeCodes: { forbidden: 4003 }, refuse: "close" }),
    endpoint("/cookie", { auth: cookie }),
    endpoint("/message", { auth: jwt({ secret: SECRET, from: ["message"] }) }),
    endpoint("/two", { auth: cookie, needs: { key } }),
    rawEndpoint("/raw", { auth: token, text: () => {} }),
  ];
}

/** It must not be told. */
export const SECRET = "0123456789abcdef0123456789abcdef-corpus";

function parametrised(): readonly AnyEndpoint[] {
  return [
    endpoint("/ws/orders/:order/:kind/:when", {
      params: z.object({
        order: z.coerce.number().int().min(100).describe("Its number."),
        kind: z.enum(["book", "film"]),
        when: z.string().default("now"),
      }),
      query: z.object({ version: z.coerce.number().default(1), q: z.string().optional() }).meta({ id: "CorpusQuery" }),
    }),
    endpoint("/ws/any/:thing", { params: z.any(), query: z.record(z.string(), z.string()) }),
    rawEndpoint("/raw/:one", { params: v.object({ one: v.string() }), query: v.object({}) }),
  ];
}

function channels(): readonly AnyEndpoint[] {
  const text = z.object({ text: z.string() });
  const plain = channel("plain", { events: { said: text } });
  const full = channel("full/:user/:url", {
    summary: "All that a channel can have.",
    events: { said: text.meta({ examples: [{ text: "hi" }] }), "left.early": z.object({}) },
    history: { size: 5, ttl: "1m" },
    presence: true,
    snapshot: () => ({ a: 1 }),
    overflow: { keepLatestBy: ({ type }) => type },
    allow: { subscribe: () => true, publish: () => true },
  });
  const dropping = channel("dropping", { events: {}, overflow: "drop-oldest", allow: { subscribe: true } });
  return [
    endpoint("/one", { channels: [plain, full, tasks], summary: "All of them." }),
    endpoint("/two", { channels: [full, dropping] }),
  ];
}
