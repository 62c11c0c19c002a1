import type { JsonSchema } from "../schema/json-schema.js";
import type { Resolve } from "./schema-fit.js";

/** The type that it has, or can be seen to have: of several the first that is something. */
export function typeOf(json: JsonSchema): string | undefined {
  const type = [json.type ?? []].flat().find((each) => each !== "null") ?? [json.type].flat()[0];
  if (type !== undefined) return type;
  if (json.properties !== undefined || json.required !== undefined) return "object";
  if (json.items !== undefined) return "array";
  if (json.pattern !== undefined || json.format !== undefined || json.minLength !== undefined) return "string";
  return json.minimum !== undefined || json.maximum !== undefined ? "number" : undefined;
}

/** How much must be in it, as far as can be seen from here: nothing is 0, a text or a number 1. */
export function leastIn(given: JsonSchema | boolean, resolve: Resolve): number {
  const json = typeof given === "object" ? (resolve(given) ?? {}) : {};
  const { properties = {}, required = [] } = json;
  if (typeOf(json) === "null") return 0;
  if (isSmall(json)) return 1;
  if (typeOf(json) !== "object") return 2;
  const parts = required.map((name) => (Object.hasOwn(properties, name) ? properties[name] : undefined));
  return 2 + parts.filter((part) => typeof part === "object" && !isSmall(resolve(part) ?? {})).length;
}

function isSmall(json: JsonSchema): boolean {
  if (json.const !== undefined || json.enum !== undefined) return true;
  if (json.anyOf !== undefined || json.oneOf !== undefined || json.allOf !== undefined) return false;
  return !["object", "array"].includes(typeOf(json) ?? "");
}
