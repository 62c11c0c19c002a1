import type { Schema } from "./standard.js";

/**
 * A JSON Schema of draft 07, which the schemas of AsyncAPI 3 build on. Of the keywords that are not listed each may be there.
 *
 * Where a schema is wanted, `true` and `false` are schemas too.
 */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly examples?: readonly unknown[] | undefined;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly format?: string | undefined;
  readonly pattern?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly multipleOf?: number | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema | boolean>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: JsonSchema | boolean | undefined;
  /** A list: of a tuple, each its own. */
  readonly items?: JsonSchema | boolean | readonly (JsonSchema | boolean)[] | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly allOf?: readonly (JsonSchema | boolean)[] | undefined;
  readonly anyOf?: readonly (JsonSchema | boolean)[] | undefined;
  readonly oneOf?: readonly (JsonSchema | boolean)[] | undefined;
}

/** Whose: what comes from clients is the schema's input, what goes to them its output. */
export type SchemaSide = "arrives" | "leaves";

/**
 * What a schema takes (`arrives`), or what goes over the wire of what it gives (`leaves`), by its own Standard JSON Schema
 * converter. Undefined where it has none, or that throws. What JSON Schema can't say is `{}`: anything.
 */
export function jsonSchemaOf(schema: Schema, side: SchemaSide): JsonSchema | undefined {
  const convert = read(read(schema["~standard"], "jsonSchema"), side === "arrives" ? "input" : "output");
  if (typeof convert !== "function") return undefined;
  // A converter that does not know our wishes may refuse them.
  for (const wishes of [{ libraryOptions }, {}]) {
    try {
      return cloneJson(convert({ target: "draft-07", ...wishes }));
    } catch {}
  }
  return undefined;
}

/**
 * Of validators whose schemas have no converter: how they get one. A sentence for whoever wonders why a document says nothing
 * of a schema.
 */
export function converterAdvice(vendor: string): string {
  switch (vendor) {
    case "valibot":
      return "npm install @valibot/to-json-schema, and declare toStandardJsonSchema(schema) in its place.";
    case "zod":
      return "Use zod 4.2 or newer; where this one is, it could not convert the schema.";
    case "arktype":
      return "Use arktype 2.1.28 or newer; where this one is, it could not convert the schema.";
    default:
      return `Give ${vendor}'s schemas a Standard JSON Schema converter (standardschema.dev/json-schema).`;
  }
}

/**
 * Where the validator can't say something it is left open and not thrown for; and a Date is the text that JSON makes of it.
 * Each of zod, valibot and arktype looks at its own.
 */
const libraryOptions: Readonly<Record<string, unknown>> = {
  unrepresentable: "any",
  override: ({ zodSchema, jsonSchema }: Readonly<Record<string, unknown>>) => {
    if (read(read(read(zodSchema, "_zod"), "def"), "type") === "date") Object.assign(Object(jsonSchema), DATE);
  },
  errorMode: "ignore",
  overrideSchema: ({ valibotSchema }: Readonly<Record<string, unknown>>) =>
    read(valibotSchema, "type") === "date" ? DATE : undefined,
  fallback: { default: (context: unknown) => read(context, "base"), date: () => DATE },
};

const DATE: JsonSchema = { type: "string", format: "date-time" };

/** As it is once it was written: what a validator adds for itself is gone. */
function cloneJson(made: unknown): JsonSchema | undefined {
  const clone: unknown = JSON.parse(JSON.stringify(made) ?? "null");
  return isJsonObject(clone) ? clone : undefined;
}

function isJsonObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function read(from: unknown, key: string): unknown {
  return Reflect.get(Object(from), key);
}
