import { runProgram } from "../../src/cli/program.js";
import type { Streams } from "../../src/cli/terminal.js";
import { Inbox } from "./inbox.js";

export interface CommandSurroundings {
  /** All there is of an environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Are stdout and stderr terminals? Then there are colours, unless `env` says otherwise. */
  readonly isTerminal?: boolean;
  /** Stdout is full after each line, until `read` is called. */
  readonly isSlow?: boolean;
}

/** The command `tidings` in this process, as it runs. */
export interface CommandRun {
  /** The lines of its stdout, as they come. */
  readonly lines: Inbox<string>;
  /** The lines of its stderr. */
  readonly notes: Inbox<string>;
  /** Whoever reads a slow stdout has read it. */
  read(): void;
  /** How it ended, with all that it said. */
  readonly ended: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

export function startCommand(args: readonly string[], surroundings: CommandSurroundings = {}): CommandRun {
  const { env = {}, stdin = "", isTerminal, isSlow } = surroundings;
  const stdout = new RecordedOutput("stdout", isTerminal, isSlow);
  const stderr = new RecordedOutput("stderr", isTerminal);
  const streams: Streams = { stdout, stderr, stdin: textOf(stdin), env };
  const ended = runProgram(args, streams).then((code) => ({ code, stdout: stdout.text, stderr: stderr.text }));
  return { lines: stdout.lines, notes: stderr.lines, read: () => stdout.drain(), ended };
}

/** Until it has ended. */
export function runCommand(args: readonly string[], surroundings?: CommandSurroundings): CommandRun["ended"] {
  return startCommand(args, surroundings).ended;
}

class RecordedOutput {
  text = "";
  readonly lines: Inbox<string>;
  readonly isTTY: boolean | undefined;
  readonly #isSlow: boolean;
  #drained: () => void = () => {};

  constructor(name: string, isTTY: boolean | undefined, isSlow = false) {
    this.lines = new Inbox(name);
    this.isTTY = isTTY;
    this.#isSlow = isSlow;
  }

  write(text: string): boolean {
    this.text += text;
    for (const line of text.replace(/\n$/, "").split("\n")) this.lines.put(line);
    return !this.#isSlow;
  }

  once(_: "drain", listener: () => void): void {
    this.#drained = listener;
  }

  drain(): void {
    this.#drained();
  }
}

async function* textOf(text: string): AsyncGenerator<string> {
  if (text !== "") yield text;
}
