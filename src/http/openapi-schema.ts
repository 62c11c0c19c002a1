import type { JsonSchema } from "../schema/json-schema.js";

/** A schema of draft 07, as the draft 2020-12 of OpenAPI 3.1 has it: they differ in tuples and dependencies. */
export function toOpenApiSchema(json: JsonSchema): JsonSchema {
  const made: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(json)) {
    if (keyword === "items" && Array.isArray(value)) made.prefixItems = value.map(convert);
    else if (keyword === "additionalItems") {
      // Beside a schema for all items it means nothing.
      if (Array.isArray(json.items)) made.items = convert(value);
    } else if (keyword === "dependencies") Object.assign(made, dependenciesOf(value));
    else if (ONE.has(keyword)) made[keyword] = convert(value);
    else if (LISTS.has(keyword) && Array.isArray(value)) made[keyword] = value.map(convert);
    else if (NAMED.has(keyword)) made[keyword] = mapNamed(value, convert);
    else made[keyword] = value;
  }
  return made;
}

/** What stands in all others is data. */
const ONE: ReadonlySet<string> = new Set([
  "additionalProperties",
  "contains",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
]);
const LISTS: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const NAMED: ReadonlySet<string> = new Set(["patternProperties", "properties"]);

function convert(part: unknown): unknown {
  return typeof part === "object" && part !== null && !Array.isArray(part) ? toOpenApiSchema(part as JsonSchema) : part;
}

function mapNamed(parts: unknown, map: (part: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(Object(parts)).map(([name, part]) => [name, map(part)]));
}

function dependenciesOf(given: unknown): object {
  const all = Object.entries(Object(given));
  const lists = all.filter(([, part]) => Array.isArray(part));
  const schemas = all.filter(([, part]) => !Array.isArray(part)).map(([name, part]) => [name, convert(part)]);
  return {
    ...(lists.length > 0 && { dependentRequired: Object.fromEntries(lists) }),
    ...(schemas.length > 0 && { dependentSchemas: Object.fromEntries(schemas) }),
  };
}
