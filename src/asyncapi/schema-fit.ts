import type { JsonSchema } from "../schema/json-schema.js";

/** What a `$ref` leads to; the schema itself where it has none. */
export type Resolve = (json: JsonSchema) => JsonSchema | undefined;

/**
 * Does a value fit a JSON Schema? For examples, which are small: what it does not know, such as `if` or a format, it takes for
 * fitting, and what takes too long to tell for unfit.
 */
export function fits(value: unknown, given: JsonSchema | boolean, resolve: Resolve): boolean {
  const check: Check = { resolve, stepsLeft: MAX_STEPS };
  return isFit(value, given, check) && check.stepsLeft > 0;
}

/** Alternatives within alternatives double with each level; an example with this many parts nobody reads. */
const MAX_STEPS = 50_000;

interface Check {
  readonly resolve: Resolve;
  stepsLeft: number;
}

function isFit(value: unknown, given: JsonSchema | boolean, check: Check): boolean {
  if (typeof given === "boolean") return given;
  check.stepsLeft -= 1;
  if (check.stepsLeft <= 0) return false;
  const json = check.resolve(given) ?? {};
  const isOne = (part: JsonSchema | boolean) => isFit(value, part, check);
  if (json.const !== undefined && !isSame(value, json.const)) return false;
  if (json.enum !== undefined && !json.enum.some((each) => isSame(value, each))) return false;
  if (json.type !== undefined && ![json.type].flat().some((type) => isOfType(value, type))) return false;
  if (json.allOf !== undefined && !json.allOf.every(isOne)) return false;
  if (json.anyOf !== undefined && !json.anyOf.some(isOne)) return false;
  if (json.oneOf !== undefined && json.oneOf.filter(isOne).length !== 1) return false;
  if (isSchema(json.not) && isOne(json.not)) return false;
  if (typeof value === "string") return textFits(value, json);
  if (typeof value === "number") return numberFits(value, json);
  if (Array.isArray(value)) return listFits(value, json, check);
  return !isObject(value) || objectFits(value, json, check);
}

/** Is it one text or number, one by one the same list, or an object with the same fields? */
export function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) && !Array.isArray(one)) return one === other;
  if (Array.isArray(one) !== Array.isArray(other) || typeof other !== "object" || other === null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSame(Reflect.get(one, key), Reflect.get(other, key)));
}

/** How long a text is, in characters (JSON Schema counts code points). */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** A `pattern` as ECMA-262 has it; undefined for one that is none. */
export function regexOf(pattern: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(pattern, flags);
    } catch {}
  }
  return undefined;
}

export function numberFits(value: number, json: JsonSchema): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = json;
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return false;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return false;
  // A quotient is hardly ever exact where the step is a fraction.
  return multipleOf === undefined || Math.abs(value / multipleOf - Math.round(value / multipleOf)) < 1e-9;
}

export function textFits(value: string, { minLength = 0, maxLength = Infinity, pattern }: JsonSchema): boolean {
  const length = lengthOf(value);
  if (length < minLength || length > maxLength) return false;
  return pattern === undefined || (regexOf(pattern)?.test(value) ?? true);
}

function listFits(value: readonly unknown[], json: JsonSchema, check: Check): boolean {
  const { items, additionalItems, minItems = 0, maxItems = Infinity, uniqueItems } = json;
  if (value.length < minItems || value.length > maxItems) return false;
  if (uniqueItems === true && hasTwice(value)) return false;
  const rest = Array.isArray(items) ? additionalItems : items;
  return value.every((item, index) => {
    const own: unknown = Array.isArray(items) && index < items.length ? items[index] : rest;
    return !isSchema(own) || isFit(item, own, check);
  });
}

function hasTwice(list: readonly unknown[]): boolean {
  return list.some((one, index) => list.slice(0, index).some((other) => isSame(one, other)));
}

function objectFits(value: Readonly<Record<string, unknown>>, json: JsonSchema, check: Check): boolean {
  const { required = [], properties = {}, additionalProperties, patternProperties, propertyNames } = json;
  if (required.some((name) => !Object.hasOwn(value, name))) return false;
  const patterns = Object.entries(Object(patternProperties)).filter((entry) => isSchema(entry[1]));
  return Object.entries(value).every(([name, part]) => {
    if (isSchema(propertyNames) && !isFit(name, propertyNames, check)) return false;
    const own = Object.hasOwn(properties, name) ? [properties[name]] : [];
    const matching = patterns.flatMap(([pattern, each]) => (regexOf(pattern)?.test(name) === true ? [each] : []));
    const asked = [...own, ...matching];
    if (asked.length === 0) asked.push(additionalProperties);
    return asked.every((each) => !isSchema(each) || isFit(part, each, check));
  });
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    default:
      return typeof value === type;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): value is JsonSchema | boolean {
  return typeof value === "boolean" || isObject(value);
}
