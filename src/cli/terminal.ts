import { styleText } from "node:util";

/** Where a command writes: the streams of a process, or those of a test. */
export interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
}
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

type Style = Parameters<typeof styleText>[0];

/**
 * What a command says: its result to stdout, as text for people or, with `--json`, as one line of JSON for programs; all else
 * to stderr. Colours only where a person reads, and NO_COLOR is not set.
 */
export class Terminal {
  readonly isJson: boolean;
  readonly #streams: Streams;
  #hasProgress = false;

  constructor(streams: Streams, { isJson }: { readonly isJson: boolean }) {
    this.#streams = streams;
    this.isJson = isJson;
  }

  get env(): Streams["env"] {
    return this.#streams.env;
  }

  get stdin(): Streams["stdin"] {
    return this.#streams.stdin;
  }

  /** Does a person read what is said on the way? */
  get isInteractive(): boolean {
    return this.#streams.stderr.isTTY === true && !this.isJson;
  }

  /** What was asked for; without a text for people they read the JSON, indented. */
  result(value: unknown, text?: string): void {
    this.clearProgress();
    const json = () => JSON.stringify(value, undefined, this.isJson ? undefined : 2);
    this.#streams.stdout.write(`${this.isJson ? json() : (text ?? json())}\n`);
  }

  /** What is good to know, and not what was asked for. People alone are told. */
  note(text: string): void {
    if (this.isJson) return;
    this.clearProgress();
    this.#streams.stderr.write(`${text}\n`);
  }

  /** What went wrong: `{"error":{…}}` with `--json`. */
  error({ code, message, fix, ...more }: Failure): void {
    this.clearProgress();
    const text = this.isJson
      ? JSON.stringify({ error: { code, message, fix, ...more } })
      : [`${this.style("red", "error")} ${message}`, ...(fix === undefined ? [] : [`  ${fix}`])].join("\n");
    this.#streams.stderr.write(`${text}\n`);
  }

  /** A line that the next one takes the place of. Only a person sees it. */
  progress(text: string): void {
    if (!this.isInteractive) return;
    const { columns = 80 } = this.#streams.stderr;
    this.#streams.stderr.write(`\r\u001b[2K${text.slice(0, columns - 1)}`);
    this.#hasProgress = true;
  }

  clearProgress(): void {
    if (!this.#hasProgress) return;
    this.#streams.stderr.write("\r\u001b[2K");
    this.#hasProgress = false;
  }

  style(style: Style, text: string): string {
    const { stdout, stderr, env } = this.#streams;
    const isColourful = stdout.isTTY === true && stderr.isTTY === true && !env.NO_COLOR && !this.isJson;
    return isColourful ? styleText(style, text) : text;
  }
}

export interface Failure {
  /** Stable and for programs, such as `unknown_option`. */
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly fix?: string | undefined;
  readonly [more: string]: unknown;
}
