import type { JsonSchema } from "../schema/json-schema.js";
import { exampleNumber } from "./example-number.js";
import { exampleText } from "./example-text.js";
import { fits, type Resolve } from "./schema-fit.js";
import { leastIn, typeOf } from "./schema-kind.js";

/**
 * A value that fits a JSON Schema, always the same and made to be read: its own examples and defaults where it has them, each
 * optional field, the first of what may be chosen, no more of what goes round in a circle than must be. Where it becomes large
 * it is as short as it may be from there on; one that must be larger than anybody reads is none.
 *
 * @param name of the field or the message it is for
 * @param text in the place of what a text may well be by its name: some must be read as something else
 * @returns undefined where none was found
 */
export function exampleOf(
  json: JsonSchema,
  name: string,
  resolve: Resolve,
  text?: string,
): { readonly value: unknown } | undefined {
  const value = new ExampleMaker(resolve, text).make(json, name);
  return value !== undefined && fits(value, json, resolve) ? { value } : undefined;
}

/** What it can't make is `undefined`, which JSON has not. */
class ExampleMaker {
  readonly #resolve: Resolve;
  readonly #text: string | undefined;
  /** What it is being made for: once within itself is enough. */
  readonly #trail = new Set<string>();
  #depth = 0;
  #parts = 0;

  constructor(resolve: Resolve, text: string | undefined) {
    this.#resolve = resolve;
    this.#text = text;
  }

  make(given: JsonSchema | boolean | undefined, name: string): unknown {
    if (given === false || this.#depth > MAX_DEPTH || !this.#take(1)) return undefined;
    if (given === true || given === undefined) return name;
    const { $ref, not } = given;
    if (isAnything(not)) return undefined;
    if ($ref === undefined) return this.#within(given, name);
    if (this.#trail.has($ref)) return undefined;
    this.#trail.add($ref);
    const made = this.#within(this.#resolve(given) ?? {}, name);
    this.#trail.delete($ref);
    return made;
  }

  /** Counted where they are asked for, whether they can be made or not: what is tried in vain takes its time too. */
  #take(parts: number): boolean {
    this.#parts += parts;
    return this.#parts <= MAX_PARTS;
  }

  /** Is the shortest best from here on? */
  get #isBrief(): boolean {
    return this.#depth > DEPTH_TO_SHOW || this.#parts > PARTS_TO_SHOW;
  }

  #within(json: JsonSchema, name: string): unknown {
    this.#depth += 1;
    const given = this.#given(json);
    const made = given === undefined ? this.#made(json, name) : given;
    this.#depth -= 1;
    return given === undefined || this.#take(countParts(given)) ? made : undefined;
  }

  /** What it says itself. */
  #given(json: JsonSchema): unknown {
    if (json.const !== undefined) return json.const;
    const told = [
      ...(json.examples ?? []),
      ...(json.default === undefined ? [] : [json.default]),
      ...(json.enum ?? []),
    ];
    return told.find((value) => fits(value, json, this.#resolve));
  }

  #made(json: JsonSchema, name: string): unknown {
    const { anyOf, oneOf, allOf, ...rest } = json;
    if (allOf !== undefined) return this.#merged({ ...rest, anyOf, oneOf }, allOf, name);
    const options = anyOf ?? oneOf;
    if (options !== undefined) return this.#firstOf(anyOf === undefined ? rest : { ...rest, oneOf }, options, name);
    if (this.#isBrief && [json.type].flat().includes("null")) return null;
    switch (typeOf(json)) {
      case "object":
        return this.#object(json);
      case "array":
        return this.#list(json, name);
      case "string":
        return exampleText(json, patternsOf(json), this.#text ?? name);
      case "integer":
        return exampleNumber(json, Number.isInteger);
      case "number":
        return exampleNumber(json, Number.isFinite);
      case "boolean":
        return true;
      case "null":
        return null;
      default:
        return name;
    }
  }

  #merged(base: JsonSchema, parts: readonly (JsonSchema | boolean)[], name: string): unknown {
    const refs = parts.flatMap((part) => (typeof part === "object" && part.$ref !== undefined ? [part.$ref] : []));
    if (refs.some((ref) => this.#trail.has(ref))) return undefined;
    for (const ref of refs) this.#trail.add(ref);
    const resolved = parts.map((part) => (typeof part === "object" ? (this.#resolve(part) ?? {}) : {}));
    const made = this.#within(resolved.reduce(merge, base), name);
    for (const ref of refs) this.#trail.delete(ref);
    return made;
  }

  /** Nothing is the last that is chosen, but where that is shortest. */
  #firstOf(base: JsonSchema, options: readonly (JsonSchema | boolean)[], name: string): unknown {
    const isNull = (option: JsonSchema | boolean) => typeof option === "object" && option.type === "null";
    const rankOf = (option: JsonSchema | boolean) =>
      this.#isBrief ? leastIn(option, this.#resolve) : Number(isNull(option));
    const ranked = options.map((option) => ({ option, rank: rankOf(option) }));
    for (const { option } of ranked.toSorted((a, b) => a.rank - b.rank)) {
      const hasOwn = typeof option === "object" && Object.values(base).some((value) => value !== undefined);
      const made = hasOwn ? this.#merged(base, [option], name) : this.make(option, name);
      if (made !== undefined) return made;
    }
    return undefined;
  }

  #object({ properties = {}, required = [], additionalProperties, propertyNames }: JsonSchema): unknown {
    const made: Record<string, unknown> = {};
    for (const name of new Set([...Object.keys(properties), ...required])) {
      const isRequired = required.includes(name);
      if (!isRequired && this.#parts > PARTS_TO_SHOW) continue;
      const value = this.make(Object.hasOwn(properties, name) ? properties[name] : additionalProperties, name);
      if (value !== undefined) made[name] = value;
      else if (isRequired) return undefined;
    }
    if (Object.keys(properties).length > 0 || typeof additionalProperties !== "object") return made;
    // A map: one entry shows what is in it.
    const isSchema = typeof propertyNames === "object" && propertyNames !== null;
    const key = isSchema ? this.make(propertyNames as JsonSchema, "key") : "key"; // of a JSON Schema, and no list
    const value = this.make(additionalProperties, "value");
    return typeof key === "string" && value !== undefined ? { [key]: value, ...made } : made;
  }

  #list({ items, minItems = 0, maxItems = Infinity }: JsonSchema, name: string): unknown {
    if (isTuple(items)) {
      const made = items.map((item) => this.make(item, name));
      return made.includes(undefined) ? undefined : made;
    }
    if (minItems === 0 && this.#isBrief) return [];
    const count = Math.min(Math.max(minItems, 1), maxItems);
    const before = this.#parts;
    const item = count > MAX_ITEMS ? undefined : this.make(items, singular(name));
    if (item === undefined) return minItems === 0 ? [] : undefined;
    if (!this.#take((this.#parts - before) * (count - 1))) return undefined;
    return Array.from({ length: count }, (_, index) => (index === 0 ? item : anotherOf(item, index)));
  }
}

const MAX_DEPTH = 24;
const MAX_ITEMS = 100;
const MAX_PARTS = 2_000;
const DEPTH_TO_SHOW = 6;
const PARTS_TO_SHOW = 400;

function countParts(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + countParts(part), 1);
}

/** Of what must not be that, nothing is left. */
function isAnything(not: unknown): boolean {
  return not === true || (typeof not === "object" && not !== null && Object.keys(not).length === 0);
}

/** Where several are asked for at once, they are kept beside one another. */
const PATTERNS = "x-patterns";

function patternsOf(json: JsonSchema): readonly string[] {
  const kept = json[PATTERNS];
  const all = [...(Array.isArray(kept) ? kept : []), json.pattern];
  return all.filter((pattern) => typeof pattern === "string");
}

function merge(one: JsonSchema, other: JsonSchema): JsonSchema {
  return {
    ...one,
    ...other,
    ...(one.properties && { properties: { ...one.properties, ...other.properties } }),
    ...(one.required && { required: [...one.required, ...(other.required ?? [])] }),
    pattern: undefined,
    [PATTERNS]: [...patternsOf(one), ...patternsOf(other)],
    ...(one.allOf && { allOf: [...one.allOf, ...(other.allOf ?? [])] }),
  };
}

function isTuple(items: JsonSchema["items"]): items is readonly (JsonSchema | boolean)[] {
  return Array.isArray(items);
}

function singular(name: string): string {
  return name.length > 1 && name.endsWith("s") ? name.slice(0, -1) : name;
}

/** Where there are to be several, they may have to differ. */
function anotherOf(item: unknown, index: number): unknown {
  if (typeof item === "number") return item + index;
  return typeof item === "string" ? `${item} ${index + 1}` : item;
}
