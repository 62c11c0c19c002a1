import type { JsonSchema } from "../schema/json-schema.js";

/** What the `$ref`s in it lead to, as they are written. */
export function findRefs(json: JsonSchema): readonly string[] {
  const found: string[] = [];
  rewrite(json, (ref) => {
    found.push(ref);
    return ref;
  });
  return found;
}

/** Keywords by what stands in them. What stands in all others is data, where `$ref` is a name like any other. */
const ONE: ReadonlySet<string> = new Set([
  "additionalItems",
  "additionalProperties",
  "contains",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
]);
const LISTS: ReadonlySet<string> = new Set(["allOf", "anyOf", "items", "oneOf", "prefixItems"]);
const NAMED: ReadonlySet<string> = new Set(["dependencies", "patternProperties", "properties"]);

/** What belongs to the text it stood in alone. */
const LEFT: ReadonlySet<string> = new Set(["$anchor", "$defs", "$id", "$schema", "definitions"]);

/** The schema with each `$ref` as `redirect` wants it; where that is undefined it leads nowhere, and anything may be there. */
export function rewrite(json: JsonSchema, redirect: (ref: string) => string | undefined): JsonSchema {
  const go = (part: unknown): unknown => (isSchemaObject(part) ? rewrite(part, redirect) : part);
  const made: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(json)) {
    if (LEFT.has(keyword)) continue;
    if (keyword === "$ref" && typeof value === "string") {
      const ref = redirect(value);
      if (ref !== undefined) made.$ref = ref;
    } else if (LISTS.has(keyword) && Array.isArray(value)) {
      made[keyword] = value.map(go);
    } else if (ONE.has(keyword)) {
      made[keyword] = go(value);
    } else if (NAMED.has(keyword)) {
      const named = Object.entries(Object(value)).map(([name, part]) => [name, go(part)] as const);
      made[keyword] = { ...Object(made[keyword]), ...Object.fromEntries(named.filter(([name]) => name !== "$ref")) };
      const ref = named.find(([name]) => name === "$ref");
      // A field of this name is said otherwise: many a reader would follow it.
      if (ref !== undefined) made.patternProperties = { ...Object(made.patternProperties), "^\\$ref$": ref[1] };
    } else {
      made[keyword] = value;
    }
  }
  return made;
}

export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A step of a JSON Pointer in a `$ref` (RFC 6901 §6). */
export function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return step;
  }
}
