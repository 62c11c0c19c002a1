import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isThenable } from "../base/thenable.js";
import type { Schema } from "./standard.js";

/** Where a value does not fit, as plain data. */
export interface SchemaIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** More than anybody reads: of more it is known that they are more. */
export const MANY_ISSUES = 100;

export type Validated = { readonly value: unknown } | { readonly issues: readonly SchemaIssue[] };

/**
 * The schema's output, or what does not fit. A promise only where the schema itself is asynchronous.
 *
 * @throws TypeError, or rejects with it, where the schema says neither: then nothing is known to fit
 */
export function validate(schema: Schema, value: unknown): Validated | Promise<Validated> {
  const tried = triedInVain.has(schema) ? laterOf(schema, value) : undefined;
  const result = tried ?? schema["~standard"].validate(value);
  if (!isThenable(result)) return toValidated(result);
  triedInVain.add(schema);
  return Promise.resolve(result).then(toValidated);
}

/**
 * Schemas that turned out to be asynchronous. zod 4 tries each value synchronously first; then every check runs twice, and what
 * the first try's rejects with, as where a database is away, nobody catches: it would end the process.
 */
const triedInVain = new WeakSet<Schema>();

/** The same without that first try, where the schema has a way to it. */
function laterOf(schema: Schema, value: unknown): Promise<StandardSchemaV1.Result<unknown>> | undefined {
  if (schema["~standard"].vendor !== "zod" || !("safeParseAsync" in schema)) return undefined;
  const parse: unknown = schema.safeParseAsync;
  if (typeof parse !== "function") return undefined;
  return Promise.resolve(parse.call(schema, value)).then((parsed: ZodResult) =>
    parsed.success ? { value: parsed.data } : { issues: parsed.error.issues },
  );
}

/** What zod 3 and 4 give. */
type ZodResult =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly error: { readonly issues: readonly StandardSchemaV1.Issue[] } };

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

/** Who wrote the schema may have done so without types: what says neither is no value. */
function toValidated(result: StandardSchemaV1.Result<unknown>): Validated {
  if (typeof result !== "object" || result === null) throw saidNeither();
  if (result.issues === undefined) {
    if (!("value" in result)) throw saidNeither();
    return { value: result.value };
  }
  const known = result.issues.slice(0, MANY_ISSUES + 1);
  return { issues: known.map(({ path, message }) => ({ path: (path ?? []).map(toKey), message })) };
}

function saidNeither(): TypeError {
  return new TypeError("A schema's `validate` gave neither a `value` nor `issues` (https://standardschema.dev).");
}

function toKey(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "symbol" ? String(key) : key;
}
