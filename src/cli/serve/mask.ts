import type { JsonSchema, SettingSchema } from "./json-schema.js";

/** Stands for what must not be shown. */
export const MASK = "•••";

/** A text without what may be secret in an address: who asks, and what is asked with. */
export function maskAddress(text: string): string {
  return text.replace(/\/\/[^/?#\s]*@/g, `//${MASK}@`).replace(/\S+/g, withoutQuery);
}

function withoutQuery(word: string): string {
  const host = word.indexOf("//");
  const query = host === -1 ? -1 : word.indexOf("?", host) + 1;
  return query > 0 && query < word.length ? `${word.slice(0, query)}${MASK}` : word;
}

/** A value as it may be shown; of a hook's address no more than whose it is, since its path may be what keeps others out. */
export function maskValue(value: unknown, { format }: SettingSchema): unknown {
  if (typeof value !== "string") return value;
  const masked = maskAddress(value);
  return format === "uri" ? masked.replace(/^(\w+:\/\/[^/?#]*)[/?#].+$/, `$1/${MASK}`) : masked;
}

/** May a value for this be a secret, or have one in it? What stands in its place may be one then, too. */
export function holdsSecret(schema: JsonSchema): boolean {
  if (schema.writeOnly === true || schema.format === "uri") return true;
  const { properties, anyOf, items, additionalProperties } = schema;
  const within = [isObject(properties) ? Object.values(properties) : [], anyOf ?? [], items, additionalProperties];
  return within.flat().some((each) => isObject(each) && holdsSecret(each));
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}
