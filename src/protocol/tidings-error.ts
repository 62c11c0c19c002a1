import { type ErrorCode, errorCodes, hasCodeForm } from "./error-codes.js";

/**
 * An error with a code that the other side is told.
 *
 * Thrown before a connection is accepted it refuses; thrown in a handler it answers that message. On the client a failed
 * request rejects with it. Its code, message, issues and `retryAfterMs` leave the process; its cause does not.
 */
export class TidingsError extends Error {
  override readonly name: string = "TidingsError";
  /** One of the protocol's, or an app's own. */
  readonly code: ErrorCode | (string & {});
  /** Where a payload does not fit. */
  declare readonly issues?: readonly Issue[] | undefined;
  /** How many milliseconds to wait before it is worth trying again. */
  declare readonly retryAfterMs?: number | undefined;

  /**
   * `message` is the code itself, where none is given; the other side is then told what the code means.
   *
   * @throws {TypeError} for a `code` that is not 1–64 of `a–z 0–9 _` with a letter first.
   */
  constructor(code: ErrorCode | (string & {}), message?: string | undefined, options: TidingsErrorOptions = {}) {
    if (!hasCodeForm(code)) {
      throw new TypeError(`No error code: ${code}`);
    }
    const { issues, retryAfterMs, cause } = options;
    super(message ?? code, cause === undefined ? undefined : { cause });
    this.code = code;
    // Left out rather than undefined, so that a printed error shows only what it has.
    if (issues !== undefined) this.issues = issues;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** What a `TidingsError` may tell beside its code and its message. */
export interface TidingsErrorOptions {
  /** Where a payload does not fit: sent. */
  readonly issues?: readonly Issue[] | undefined;
  /** How many milliseconds to wait before it is worth trying again: sent. */
  readonly retryAfterMs?: number | undefined;
  /** What led to it: logged, and never sent. */
  readonly cause?: unknown;
}

/** One place where a payload does not fit: the keys and indexes that lead to it (none for the whole), and why. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The error to throw where someone may not do what they ask. */
export function forbidden(message?: string | undefined): TidingsError {
  return new TidingsError("forbidden", message ?? errorCodes.forbidden.meaning);
}

/** The error to throw where it is not known who asks. */
export function unauthorized(message?: string | undefined): TidingsError {
  return new TidingsError("unauthorized", message ?? errorCodes.unauthorized.meaning);
}
