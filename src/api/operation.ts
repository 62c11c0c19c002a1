import type { ApiOperation } from "../declare/api-options.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { ApiHost } from "./api-host.js";
import { type Given, type Params, readParams } from "./param.js";

/** Something that can be asked of an app from without, whichever way it comes. */
export interface Operation {
  readonly name: ApiOperation;
  /** A sentence. */
  readonly summary: string;
  /** What else has to be known. */
  readonly description: string;
  /** Does it change nothing? */
  readonly isRead: boolean;
  readonly params: Params;
  /** What it gives. */
  readonly result: JsonSchema;
  /** Checks what is given, and does it. Rejects with a `TidingsError` for what may be told. */
  run(host: ApiHost, given: unknown): Promise<object>;
}

export interface OperationOptions<Of extends Params> extends Omit<Operation, "run" | "params"> {
  readonly params: Of;
  run(host: ApiHost, given: Given<Of>): Promise<object>;
}

export function operation<Of extends Params>({ run, ...options }: OperationOptions<Of>): Operation {
  return { ...options, run: async (host, given) => run(host, readParams(options.params, given)) };
}

/** What is always there, and what may be. */
export function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return { type: "object", properties: { ...properties, ...optional }, required: Object.keys(properties) };
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}
