import type { Schema } from "./standard.js";

export interface JsonMisfit {
  /** Property names, `[]` for an array's items, `*` for a record's values, a tuple's index. */
  readonly path: readonly string[];
  /** Such as `a Date`. */
  readonly what: string;
  /** A sentence: what to write in its place. */
  readonly fix: string;
}

export type JsonDirection = "arrives" | "leaves";

/**
 * What in a schema can never pass through JSON: the first such place, or undefined.
 *
 * `arrives` looks at the schema's input, which a client sends; `leaves` at its output, which goes through `JSON.stringify`.
 * It knows zod 4, valibot 1, and arktype 2 by what it says as JSON Schema. All it does not understand passes.
 */
export function findJsonMisfit(schema: Schema, direction: JsonDirection): JsonMisfit | undefined {
  const vendor = vendorOf(schema);
  const found = new Search(direction).find(vendor === undefined ? convertSchema(schema, direction) : schema);
  return found && describeMisfit(found.path, found.thing, vendor, direction);
}

type Vendor = "zod" | "valibot";

type Thing =
  | "date"
  | "bigint"
  | "map"
  | "set"
  | "symbol"
  | "function"
  | "nan"
  | "file"
  | "blob"
  | "promise"
  | { readonly instanceOf: string };

/** A schema as far as JSON is concerned. */
type Shape =
  | "fits"
  | { readonly thing: Thing }
  /** Each of them has to fit. A segment that is undefined adds nothing to the path. */
  | { readonly parts: readonly Part[] }
  | { readonly options: readonly unknown[] };

interface Found {
  readonly path: readonly string[];
  readonly thing: Thing;
}

type Part = readonly [segment: string | undefined, schema: unknown];

/** A walk down one schema. Lazy schemas can go on for ever, and in more branches at each step: both are bounded. */
class Search {
  readonly #direction: JsonDirection;
  /** What fits, and what is being looked at: within itself it fits if the rest does. */
  readonly #fitting = new Set<unknown>();
  #depth = 0;
  #stepsLeft = 10_000;

  constructor(direction: JsonDirection) {
    this.#direction = direction;
  }

  find(schema: unknown, path: readonly string[] = []): Found | undefined {
    if (this.#fitting.has(schema) || this.#depth > 200 || --this.#stepsLeft < 0) return undefined;
    this.#fitting.add(schema);
    this.#depth++;
    const found = this.#findIn(readShape(schema, this.#direction), path);
    this.#depth--;
    // A union may have forgiven it here, and the same schema be needed elsewhere.
    if (found !== undefined) this.#fitting.delete(schema);
    return found;
  }

  #findIn(shape: Shape, path: readonly string[]): Found | undefined {
    if (shape === "fits") return undefined;
    if ("thing" in shape) return passes(shape.thing, this.#direction) ? undefined : { path, thing: shape.thing };
    if ("options" in shape) return this.#findAmong(shape.options, path);
    for (const [segment, part] of shape.parts) {
      const found = this.find(part, segment === undefined ? path : [...path, segment]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** One option that can arrive is enough, but any of them may be what leaves. */
  #findAmong(options: readonly unknown[], path: readonly string[]) {
    const found = options.map((option) => this.find(option, path));
    if (this.#direction === "arrives" && found.includes(undefined)) return undefined;
    return found.find((misfit) => misfit !== undefined);
  }
}

function passes(thing: Thing, direction: JsonDirection): boolean {
  if (direction === "arrives") return false;
  // A Date has toJSON, NaN becomes null, a class may have toJSON, and some give bigint one.
  return (
    thing === "date" ||
    thing === "nan" ||
    typeof thing === "object" ||
    (thing === "bigint" && "toJSON" in BigInt.prototype)
  );
}

/**
 * A definition of zod, a schema of valibot or a JSON Schema: they call most things alike, and what one of them has not is
 * undefined, which fits. Not all of their inside is documented; hence nothing is taken for granted.
 */
function readShape(schema: unknown, direction: JsonDirection): Shape {
  const def = read(read(schema, "_zod"), "def") ?? schema;
  const pipe = listOf(read(def, "pipe"));
  if (pipe.length > 0) return only(direction === "arrives" ? pipe[0] : pipe.findLast(decidesType));
  const type = read(def, "type");
  switch (type) {
    case "date":
    case "bigint":
      return direction === "arrives" && read(def, "coerce") === true ? "fits" : { thing: type };
    case "map":
    case "set":
    case "symbol":
    case "function":
    case "nan":
    case "file":
    case "blob":
      return { thing: type };
    case "promise": // zod takes the bare value for it, and waits
      return "innerType" in Object(def) ? only(read(def, "innerType")) : { thing: type };
    case "to_bigint":
      return { thing: "bigint" };
    case "literal":
      return readLiterals(listOf(read(def, "values") ?? [read(def, "literal")]), direction);
    case "picklist":
      return readLiterals(listOf(read(def, "options")), direction);
    case "custom":
    case "instance":
      return readClass(read(read(read(schema, "_zod"), "bag"), "Class") ?? read(def, "class"));
    case "object":
    case "loose_object":
    case "strict_object":
    case "object_with_rest":
      return {
        parts: [
          ...entriesOf(def, "shape", "entries", "properties"),
          ["*", first(def, "catchall", "rest", "additionalProperties")],
        ],
      };
    case "record":
      return { parts: [["*", first(def, "valueType", "value")]] };
    case "array":
      return { parts: [...itemsOf(read(def, "prefixItems")), ["[]", first(def, "element", "item", "items")]] };
    case "tuple":
    case "loose_tuple":
    case "strict_tuple":
    case "tuple_with_rest":
      return { parts: [...itemsOf(read(def, "items")), ["[]", read(def, "rest")]] };
    case "union":
    case "variant":
      return { options: listOf(read(def, "options")) };
    case "intersection":
      return { parts: [read(def, "left"), read(def, "right")].map(withoutSegment) };
    case "intersect":
      return { parts: listOf(read(def, "options")).map(withoutSegment) };
    case "pipe":
      return only(read(def, direction === "arrives" ? "in" : "out"));
    case "lazy":
      return only(callGetter(read(def, "getter")));
    case "success":
      return direction === "arrives" ? only(read(def, "innerType")) : "fits";
  }
  const options = listOf(first(def, "anyOf", "oneOf"));
  if (options.length > 0) return { options };
  // Optional, nullable, default, readonly and whatever else wraps one schema.
  return only(first(def, "innerType", "wrapped"));
}

/** Transformations of valibot after which a value is what it was before. */
const keeping: ReadonlySet<unknown> = new Set(["brand", "flavor", "readonly", "guard", "sort_items", "filter_items"]);

function decidesType(step: unknown): boolean {
  const kind = read(step, "kind");
  return kind === "schema" || (kind === "transformation" && !keeping.has(read(step, "type")));
}

function readLiterals(values: readonly unknown[], direction: JsonDirection): Shape {
  const odd = values.filter((value) => typeof value === "bigint" || typeof value === "symbol");
  if (odd.length === 0 || (direction === "arrives" && odd.length < values.length)) return "fits";
  return { thing: typeof odd[0] === "bigint" ? "bigint" : "symbol" };
}

function readClass(made: unknown): Shape {
  if (typeof made !== "function") return "fits";
  if (made === Date) return { thing: "date" };
  if (made === Map) return { thing: "map" };
  if (made === Set) return { thing: "set" };
  if (made === Function) return { thing: "function" };
  if (made.name === "File" || made.name === "Blob") return { thing: made.name === "File" ? "file" : "blob" };
  // A class may say itself what its instances are; of others, only Object and Array have what JSON makes.
  if (made[Symbol.hasInstance] !== Function.prototype[Symbol.hasInstance]) return "fits";
  return {} instanceof made || [] instanceof made ? "fits" : { thing: { instanceOf: made.name } };
}

/** One of valibot may look at the value first: then there is no saying what it gives. */
function callGetter(getter: unknown): unknown {
  if (typeof getter !== "function" || getter.length > 0) return undefined;
  try {
    return getter();
  } catch {
    return undefined; // it needs what is declared further down
  }
}

function read(from: unknown, key: string): unknown {
  try {
    return Reflect.get(Object(from), key);
  } catch {
    return undefined; // a getter that needs what is declared further down
  }
}

function first(from: unknown, ...keys: readonly string[]): unknown {
  return keys.map((key) => read(from, key)).find((value) => value !== undefined);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function only(schema: unknown): Shape {
  return { parts: [withoutSegment(schema)] };
}

function withoutSegment(schema: unknown): Part {
  return [undefined, schema];
}

function itemsOf(value: unknown): readonly Part[] {
  return listOf(value).map((item, index) => [String(index), item]);
}

function entriesOf(def: unknown, ...names: readonly string[]): readonly Part[] {
  return names.flatMap((name) => {
    const entries = read(def, name);
    return Object.keys(Object(entries)).map((key) => [key, read(entries, key)] as const);
  });
}

function vendorOf(schema: unknown): Vendor | undefined {
  if (read(schema, "_zod") !== undefined) return "zod";
  return read(schema, "kind") === "schema" && typeof read(schema, "type") === "string" ? "valibot" : undefined;
}

/** How to say a thing in JSON: in the code of a validator we know, and for any other as a sentence. */
interface Advice {
  readonly zod: string;
  readonly valibot: string;
  readonly because: string;
  readonly general?: string | undefined;
}

type Advised = Readonly<Partial<Record<Extract<Thing, string> | "instance", Advice>>>;

const asBase64: Advice = {
  zod: "z.base64()",
  valibot: "v.pipe(v.string(), v.base64())",
  because: "JSON has text, and no bytes.",
};

const onArrival: Advised = {
  date: {
    zod: "z.coerce.date()",
    valibot: "v.pipe(v.string(), v.transform((text) => new Date(text)), v.date())",
    because: "it takes the string that a Date becomes.",
    general: "Take a string, and make the Date of it in the schema.",
  },
  bigint: {
    zod: "z.coerce.bigint()",
    valibot: "v.pipe(v.string(), v.regex(/^-?\\d+$/), v.transform((digits) => BigInt(digits)))",
    because: "it takes the digits as a string.",
    general: "Take the digits as a string, and make the bigint of it in the schema.",
  },
  map: {
    zod: "z.record(z.string(), …)",
    valibot: "v.record(v.string(), …)",
    because: "it takes the plain object that stands for a Map.",
    general: "Take a plain object.",
  },
  set: {
    zod: "z.array(…)",
    valibot: "v.array(…)",
    because: "it takes the array that stands for a Set.",
    general: "Take an array.",
  },
  nan: { zod: "z.null()", valibot: "v.null()", because: "it takes what NaN becomes." },
  file: asBase64,
  blob: asBase64,
  instance: {
    zod: "z.object({ … })",
    valibot: "v.object({ … })",
    because: "JSON has plain objects, and no classes.",
  },
};

const onLeaving: Advised = {
  bigint: {
    zod: "z.coerce.string()",
    valibot: "v.pipe(v.bigint(), v.transform(String))",
    because: "it takes the bigint and makes the string of its digits.",
    general: "Make it a string in the schema.",
  },
  map: {
    zod: "z.record(z.string(), …)",
    valibot: "v.record(v.string(), …)",
    because: "it takes Object.fromEntries(map).",
    general: "Send a plain object, such as Object.fromEntries(map).",
  },
  set: {
    zod: "z.array(…)",
    valibot: "v.array(…)",
    because: "it takes [...set].",
    general: "Send an array, such as [...set].",
  },
  file: asBase64,
  blob: asBase64,
};

const names: Readonly<Record<Extract<Thing, string>, string>> = {
  date: "a Date",
  bigint: "a bigint",
  map: "a Map",
  set: "a Set",
  symbol: "a symbol",
  function: "a function",
  nan: "NaN",
  file: "a File",
  blob: "a Blob",
  promise: "a Promise",
};

function describeMisfit(
  path: readonly string[],
  thing: Thing,
  vendor: Vendor | undefined,
  direction: JsonDirection,
): JsonMisfit {
  const isWord = typeof thing === "string";
  const what = isWord ? names[thing] : `an instance of ${thing.instanceOf || "a class"}`;
  const advice = (direction === "arrives" ? onArrival : onLeaving)[isWord ? thing : "instance"];
  const fix = vendor && advice ? `Write ${advice[vendor]}: ${advice.because}` : advice?.general;
  return { path, what, fix: fix ?? "Leave it out: JSON has nothing for it." };
}

/**
 * What a Standard JSON Schema converter makes of a schema. It may throw for what JSON Schema cannot say, but that is also a
 * check written as a function, so an error tells nothing. arktype asks what to write in its place: then we see what it is.
 */
function convertSchema(schema: Schema, direction: JsonDirection): unknown {
  const convert = read(read(schema["~standard"], "jsonSchema"), direction === "arrives" ? "input" : "output");
  if (typeof convert !== "function") return undefined;
  try {
    return convert({ target: "draft-2020-12", libraryOptions: { fallback: arktypeFallback } });
  } catch {
    return undefined;
  }
}

const arktypeFallback = {
  default: (context: unknown) => read(context, "base"),
  domain: (context: unknown) => ({ type: read(context, "domain") }),
  unit: (context: unknown) => ({ type: "literal", literal: read(context, "unit") }),
  proto: (context: unknown) => ({ type: "instance", class: read(context, "proto") }),
  date: () => ({ type: "date" }),
};
