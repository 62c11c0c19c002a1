import { runProgram } from "../../src/cli/program.js";
import type { Streams } from "../../src/cli/terminal.js";
import { Inbox } from "./inbox.js";

export interface CommandSurroundings {
  /** All there is of an environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Are stdout and stderr terminals? Then there are colours, unless `env` says otherwise. */
  readonly isTerminal?: boolean;
}

/** The command `tidings` in this process, as it runs. */
export interface CommandRun {
  /** The lines of its stdout, as they come. */
  readonly lines: Inbox<string>;
  /** The lines of its stderr. */
  readonly notes: Inbox<string>;
  /** How it ended, with all that it said. */
  readonly ended: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

export function startCommand(args: readonly string[], { env = {}, stdin = "", isTerminal }: CommandSurroundings = {}) {
  const stdout = new RecordedOutput("stdout", isTerminal);
  const stderr = new RecordedOutput("stderr", isTerminal);
  const streams: Streams = { stdout, stderr, stdin: textOf(stdin), env };
  const ended = runProgram(args, streams).then((code) => ({ code, stdout: stdout.text, stderr: stderr.text }));
  const run: CommandRun = { lines: stdout.lines, notes: stderr.lines, ended };
  return run;
}

/** Until it has ended. */
export function runCommand(args: readonly string[], surroundings?: CommandSurroundings): CommandRun["ended"] {
  return startCommand(args, surroundings).ended;
}

class RecordedOutput {
  text = "";
  readonly lines: Inbox<string>;
  readonly isTTY: boolean | undefined;

  constructor(name: string, isTTY: boolean | undefined) {
    this.lines = new Inbox(name);
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    for (const line of text.replace(/\n$/, "").split("\n")) this.lines.put(line);
    return true;
  }
}

async function* textOf(text: string): AsyncGenerator<string> {
  if (text !== "") yield text;
}
