import type { JsonSchema } from "../schema/json-schema.js";
import { isSame, regexOf } from "./schema-fit.js";
import { isSchemaObject } from "./schema-refs.js";

/**
 * What a converter gave, as far as it is a JSON Schema of draft 07 that a document can take: a keyword that holds what it must
 * not is left out, which says less and nothing wrong.
 */
export function wellFormed(json: JsonSchema): JsonSchema {
  return formed(json, 0);
}

/** What a keyword may hold, of what it holds; undefined where that is nothing. */
type Form = (value: unknown, depth: number) => unknown;

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ...named(text, "$ref", "title", "description", "$comment", "format", "discriminator"),
  ...named(text, "contentEncoding", "contentMediaType"),
  ...named(flag, "deprecated", "readOnly", "writeOnly", "uniqueItems"),
  ...named(number, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  ...named(count, "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
  ...named(part, "additionalItems", "additionalProperties", "contains", "else", "if", "not", "propertyNames", "then"),
  ...named(parts, "allOf", "anyOf", "oneOf", "prefixItems"),
  ...named(fields, "properties", "definitions", "$defs"),
  ["items", (value, depth) => part(value, depth) ?? parts(value, depth)],
  ["patternProperties", (value, depth) => fields(value, depth, (name) => regexOf(name) !== undefined)],
  ["dependencies", dependencies],
  ["type", type],
  ["pattern", (value) => (typeof value === "string" && regexOf(value) !== undefined ? value : undefined)],
  ["multipleOf", (value) => (typeof value === "number" && value > 0 ? value : undefined)],
  ["required", texts],
  ["enum", choices],
  ["examples", (value) => (Array.isArray(value) ? value.filter(isData) : undefined)],
  ["externalDocs", (value) => (isSchemaObject(value) && typeof value.url === "string" ? data(value) : undefined)],
]);

function named(form: Form, ...keywords: readonly string[]): readonly (readonly [string, Form])[] {
  return keywords.map((keyword) => [keyword, form]);
}

function formed(json: JsonSchema, depth: number): JsonSchema {
  if (depth > MAX_DEPTH) return {};
  const entries = Object.entries(json).map(([keyword, value]) => {
    const form = FORMS.get(keyword) ?? data;
    return [keyword, form(value, depth)] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function part(value: unknown, depth: number): JsonSchema | boolean | undefined {
  if (typeof value === "boolean") return value;
  return isSchemaObject(value) ? formed(value, depth + 1) : undefined;
}

function parts(value: unknown, depth: number): unknown {
  const all = Array.isArray(value) ? value.map((each) => part(each, depth)) : [];
  return all.length === 0 || all.includes(undefined) ? undefined : all;
}

/** A field that is there may be anything, where it can't be said what. */
function fields(value: unknown, depth: number, isName: (name: string) => boolean = () => true): unknown {
  if (!isSchemaObject(value)) return undefined;
  const all = Object.entries(value).filter(([name]) => isName(name));
  return Object.fromEntries(all.map(([name, each]) => [name, part(each, depth) ?? {}]));
}

function dependencies(value: unknown, depth: number): unknown {
  if (!isSchemaObject(value)) return undefined;
  // One that is called so could not be told from a reference.
  const all = Object.entries(value).filter(([name]) => name !== "$ref");
  return Object.fromEntries(all.map(([name, each]) => [name, part(each, depth) ?? texts(each) ?? {}]));
}

function type(value: unknown): unknown {
  if (!Array.isArray(value)) return TYPES.has(value) ? value : undefined;
  return value.length > 0 && value.every((each) => TYPES.has(each)) ? [...new Set(value)] : undefined;
}

/** Fewer than there are would take less than the schema does. */
function choices(value: unknown): unknown {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isData)) return undefined;
  const all: readonly unknown[] = [...new Set<unknown>(value)];
  const objects = all.filter((each) => typeof each === "object");
  return all.filter((each) => (objects.find((other) => isSame(other, each)) ?? each) === each);
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? [...new Set(value.filter((each) => typeof each === "string"))] : undefined;
}

function text(value: unknown): unknown {
  return typeof value === "string" ? value : undefined;
}

function flag(value: unknown): unknown {
  return typeof value === "boolean" ? value : undefined;
}

function number(value: unknown): unknown {
  return typeof value === "number" ? value : undefined;
}

function count(value: unknown): unknown {
  return Number.isInteger(value) && Number(value) >= 0 ? value : undefined;
}

function data(value: unknown): unknown {
  return isData(value) ? value : undefined;
}

/** Is it nothing that whoever reads the document would follow, and no deeper than anybody reads? */
export function isData(value: unknown): boolean {
  return isDataAt(value, 0);
}

function isDataAt(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth > MAX_DEPTH || Object.hasOwn(value, "$ref")) return false;
  return Object.values(value).every((each) => isDataAt(each, depth + 1));
}

const TYPES: ReadonlySet<unknown> = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);
const MAX_DEPTH = 64;
