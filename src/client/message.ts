import { type Issue, TidingsError } from "../protocol/tidings-error.js";

/** What a server says (PROTOCOL.md, What a server sends). Of its payload only the form is sure: an object, or what an app made it. */
export interface ServerMessage {
  readonly type: string;
  readonly payload: Fields;
  readonly id?: unknown;
  readonly channel?: string | undefined;
  readonly offset?: number | undefined;
}
/** What may be there, and is looked at before it is used. */
export type Fields = Readonly<Record<string, unknown>>;

/** A frame as a message; undefined where it is none. */
export function parseServerMessage(frame: unknown): ServerMessage | undefined {
  try {
    const message = JSON.parse(String(frame));
    return typeof message?.type === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** What an `error` says, as the error that it is. */
export function errorOf({ payload }: ServerMessage): TidingsError {
  const { code, message, issues, retryAfterMs } = payload;
  return new TidingsError(String(code), String(message), {
    issues: issues as readonly Issue[] | undefined, // as the protocol has them
    retryAfterMs: numberOf(retryAfterMs),
  });
}

/** A number of 0 or more that is one. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** What a client says of itself why something has no answer. */
export function lost(message: string = "The connection was lost."): TidingsError {
  return new TidingsError("connection_lost", message);
}

/** What was thrown, with this code where it has none. */
export function asError(code: string, cause: unknown): TidingsError {
  return cause instanceof TidingsError ? cause : new TidingsError(code, String(cause), { cause });
}
