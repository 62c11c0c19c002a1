import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Schema } from "./standard.js";

/** Where a value does not fit, as plain data. */
export interface SchemaIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type Validated = { readonly value: unknown } | { readonly issues: readonly SchemaIssue[] };

/** The schema's output, or what does not fit. A promise only where the schema itself is asynchronous. */
export function validate(schema: Schema, value: unknown): Validated | Promise<Validated> {
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then(toValidated) : toValidated(result);
}

/**
 * For what the server sends: it has to be on its way when the call returns, so its schema cannot be asynchronous.
 *
 * @throws TypeError for an asynchronous schema
 */
export function validateNow(schema: Schema, value: unknown): Validated {
  const result = validate(schema, value);
  if (!(result instanceof Promise)) return result;
  result.catch(() => {}); // the TypeError below tells all there is to tell
  throw new TypeError("The schema of something the server sends must be synchronous: move the asynchronous check out.");
}

function toValidated(result: StandardSchemaV1.Result<unknown>): Validated {
  if (result.issues === undefined) return { value: result.value };
  return { issues: result.issues.map(({ path, message }) => ({ path: (path ?? []).map(toKey), message })) };
}

function toKey(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "symbol" ? String(key) : key;
}
