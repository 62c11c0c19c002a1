/**
 * A mistake in how the app is put together. It is thrown at start-up, never while serving.
 *
 * `message` reads as what is wrong followed by what to do; `fix` is the second part alone, for tools that show them apart.
 */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
  /** Stable and for programs, like `duplicate_message`. */
  readonly code: string;
  /** A sentence: what to change. */
  readonly fix: string;
  /** Where its row of the documents is, such as `node_modules/tidings/docs/reference/errors.md#port_in_use`. */
  readonly docs: string;

  constructor(code: string, { message, fix, cause }: ConfigErrorDetails) {
    super(`${message} ${fix}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fix = fix;
    this.docs = docsOf(code);
  }
}

/** Where the documents explain this code: every one that is told of has a row there. */
export function docsOf(code: string): string {
  return `node_modules/tidings/docs/reference/errors.md#${code}`;
}

export interface ConfigErrorDetails {
  /** A sentence: what is wrong, and where. */
  readonly message: string;
  /** A sentence: what to change. */
  readonly fix: string;
  readonly cause?: unknown;
}
