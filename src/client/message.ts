import { hasCodeForm } from "../protocol/error-codes.js";
import { type Issue, TidingsError } from "../protocol/tidings-error.js";

/** What a server says (PROTOCOL.md, What a server sends). Of its payload nothing is sure. */
export interface ServerMessage {
  readonly type: string;
  readonly payload: Fields;
  readonly id?: unknown;
  readonly channel?: string | undefined;
  readonly offset?: number | undefined;
}
/** What may be there, and is looked at before it is used. */
export type Fields = Readonly<Record<string, unknown>>;

type ErrorField = "code" | "message" | "issues" | "retryAfterMs";

/** What a client says, as text. Without an `id` it has none. */
export function messageText(type: string, payload: unknown, id?: number): string {
  return JSON.stringify({ type, payload, id });
}

/** What an `error` has in its payload, or a task that failed, as the error that it is. */
export function errorOf(said: Readonly<Partial<Record<ErrorField, unknown>>> | undefined): TidingsError {
  const { code, message, issues, retryAfterMs } = said ?? {};
  const isCode = typeof code === "string" && hasCodeForm(code);
  return new TidingsError(isCode ? code : "internal", message as string | undefined, {
    issues: issues as readonly Issue[] | undefined, // as the protocol has them
    retryAfterMs: countOf(retryAfterMs),
  });
}

/** A number of 0 or more, where it is one. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** What a client says of itself why something has no answer. */
export function lost(why?: string): TidingsError {
  return new TidingsError("connection_lost", why);
}

/** What was thrown, with this code where it has none. */
export function asError(code: string, cause: unknown): TidingsError {
  return cause instanceof TidingsError
    ? cause
    : new TidingsError(code, (cause as Error | undefined)?.message, { cause });
}
