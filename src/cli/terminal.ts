import { styleText } from "node:util";
import type { Issue } from "../index.js";
import { visibleLines, visibleText } from "./visible-text.js";

/** Where a command writes: the streams of a process, or those of a test. */
export interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
}
export interface Output {
  /** False: it is full, and says `drain` when it is not any more. */
  write(text: string): unknown;
  once?(event: "drain", listener: () => void): unknown;
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

  /** Does a person read the result? Otherwise a program does, or it goes into a file. */
  get isReadByPeople(): boolean {
    return this.#streams.stdout.isTTY === true && !this.isJson;
  }

  /**
   * What was asked for; without a text for people they read the JSON, indented. False where whoever reads it is slow: who
   * has more to say waits until it has `drained`.
   */
  result(value: unknown, text?: string): boolean {
    this.clearProgress();
    // Others may have said what is in it. Escaped it means the same.
    const json = () => visibleLines(JSON.stringify(value, undefined, this.isJson ? undefined : 2));
    return this.#streams.stdout.write(`${this.isJson ? json() : (text ?? json())}\n`) !== false;
  }

  drained(): Promise<void> {
    const { stdout } = this.#streams;
    return new Promise((resolve) => {
      if (stdout.once) stdout.once("drain", resolve);
      else resolve();
    });
  }

  /** What is good to know, and not what was asked for. People alone are told. */
  note(text: string): void {
    if (this.isJson) return;
    this.clearProgress();
    this.#streams.stderr.write(`${text}\n`);
  }

  /** What went wrong: `{"error":{…}}` with `--json`. */
  error({ code, message, fix, docs, issues, ...more }: Failure): void {
    this.clearProgress();
    // What a server said is looked up by its code; what is ours says itself what to do.
    const name = code === "internal" || (fix ?? docs) !== undefined ? "" : `${code}: `;
    const lines = () => [
      `${this.style("red", "error")} ${visibleLines(`${name}${message}`)}`,
      ...(issues ?? []).map(({ path, message }) =>
        visibleText(`  ${path.length === 0 ? "(the payload)" : path.join(".")}: ${message}`),
      ),
      ...(fix === undefined ? [] : [`  ${fix}`]),
      ...(docs === undefined ? [] : [this.style("dim", `  see ${docs}`)]),
    ];
    const error = { code, message, fix, docs, issues, ...more };
    const text = this.isJson ? JSON.stringify({ error }) : lines().join("\n");
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
    // It would look at the process, whose streams these need not be.
    return isColourful ? styleText(style, text, { validateStream: false }) : text;
  }
}

export interface Failure {
  /** Stable and for programs, such as `unknown_option`. */
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly fix?: string | undefined;
  /** Where the documents have it. */
  readonly docs?: string | undefined;
  /** Where a payload does not fit. */
  readonly issues?: readonly Issue[] | undefined;
  readonly [more: string]: unknown;
}
