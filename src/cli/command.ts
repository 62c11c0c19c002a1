import type { Command } from "commander";
import { ConfigError, TidingsError } from "../index.js";
import { wordsOf } from "../protocol/index.js";
import { type ExitCode, exitCodes } from "./exit-code.js";
import { missingPackage } from "./missing-package.js";
import type { Terminal } from "./terminal.js";

/** One of the commands: what it is called with, what its help shows, and what it does. */
export interface CommandShape<Options = Readonly<Record<string, unknown>>> {
  /** As commander has it: `"send <url> <message> [payload]"`. */
  readonly usage: string;
  /** A sentence, in the list of all. */
  readonly summary: string;
  /** Lines that can be pasted, each with what it does: `["tidings token alice", "a token for the user alice"]`. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Adds its options. */
  options?(command: Command): void;
  /** What it throws is told as an error: a `ConfigError` ends with `misused`, all else with `failed`. */
  run(call: Call<Options>): Promise<ExitCode>;
}

export interface Call<Options> {
  readonly terminal: Terminal;
  /** Undefined where one that may be left out was. */
  readonly args: readonly (string | undefined)[];
  readonly options: Options;
}

/** What went wrong, as a person and a program are told. */
export function tellError(terminal: Terminal, thrown: unknown): ExitCode {
  const error = missingPackage(thrown) ?? thrown;
  if (error instanceof ConfigError) {
    const { code, fix, message, docs } = error;
    terminal.error({ code, message: message.replace(` ${fix}`, ""), fix, docs });
    return exitCodes.misused;
  }
  if (error instanceof TidingsError) {
    const { code, issues, retryAfterMs } = error;
    terminal.error({ code, message: oneLine(wordsOf(error)), fix: fixOf(error), issues, retryAfterMs });
  } else {
    terminal.error({ code: "internal", message: error instanceof Error ? error.message : String(error) });
  }
  return exitCodes.failed;
}

/** A server may have said it: another line could look as if it were ours. */
function oneLine(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
}

/** What an error of ours says to do: a `Trouble` does. */
function fixOf(error: TidingsError): string | undefined {
  return "fix" in error && typeof error.fix === "string" ? error.fix : undefined;
}
