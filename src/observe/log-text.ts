import { inspect } from "node:util";
import { ConfigError, docsOf } from "../base/config-error.js";
import type { Logger } from "../base/logger.js";

export interface TextLoggerOptions {
  /** Where a line goes, its line break included. */
  readonly write: (line: string) => void;
  readonly now: () => number;
  readonly isColourful: boolean;
}

/**
 * Lines for people: `12:03:04 info  connected  endpoint=/ws/rooms/:room user=ana`.
 *
 * Only a line of ours begins at its left edge: what others chose, such as a user's id or a close reason, can't end a line,
 * and the lines of an error are indented.
 */
export function textLogger({ write, now, isColourful }: TextLoggerOptions): Logger {
  const paint = isColourful ? coloured : plain;
  const line =
    (level: Level) =>
    (fields: object, message = ""): void => {
      const given = fields as Fields; // an object's own
      const time = paint("dim", new Date(now()).toTimeString().slice(0, 8));
      const shown = Object.entries(given).flatMap(([name, value]) =>
        value === undefined || isSaid(name, value, message)
          ? []
          : [`${paint("dim", `${escaped(name)}=`)}${valueText(value)}`],
      );
      const said = escaped(message === "" ? String(given.event ?? "") : message);
      const head = [time, paint(level, level.padEnd(LEVEL_WIDTH)), said.padEnd(MESSAGE_WIDTH), ...shown].join(" ");
      write(`${head.trimEnd()}\n${"err" in given ? errorText(given.err) : ""}${adviceText(given)}`);
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Does the message say it already, or what stands below the line? */
function isSaid(name: string, value: unknown, message: string): boolean {
  if (name === "event" || name === "err") return true;
  return ["message", "fix", "during"].includes(name) && typeof value === "string" && message.includes(value);
}

/** Where a warning is explained. */
function adviceText({ event, code }: Fields): string {
  return event === "warning" && typeof code === "string" ? `    see ${escaped(docsOf(code))}\n` : "";
}

type Level = keyof Logger;
type Fields = Readonly<Record<string, unknown>>;

const LEVEL_WIDTH = 5;
const MESSAGE_WIDTH = 12;
/** Characters of a value; of an error's lines as many, and so many lines and causes. */
const MOST = { characters: 300, lines: 40, causes: 5 };

const COLOURS: Readonly<Record<Level | "dim", number>> = { debug: 90, info: 36, warn: 33, error: 31, dim: 2 };

function coloured(colour: keyof typeof COLOURS, text: string): string {
  return `\u001b[${COLOURS[colour]}m${text}\u001b[0m`;
}

function plain(_colour: keyof typeof COLOURS, text: string): string {
  return text;
}

function valueText(value: unknown): string {
  if (typeof value === "string") return /^[\w./:@*+-]+$/.test(value) ? cut(value) : escaped(JSON.stringify(cut(value)));
  if (typeof value === "number") return String(Number(value.toFixed(1)));
  if (typeof value !== "object" || value === null) return escaped(String(value));
  return escaped(cut(inspect(value, { customInspect: false, depth: 2, breakLength: Number.POSITIVE_INFINITY })));
}

/** Its stack, and those of its causes, each line indented. */
function errorText(error: unknown): string {
  const lines: string[] = [];
  let next: unknown = error;
  for (let number = 0; number <= MOST.causes; number += 1) {
    const shown: Error | undefined = next instanceof Error ? next : undefined;
    const text =
      shown === undefined ? inspect(next, { customInspect: false, depth: 2 }) : (shown.stack ?? String(shown));
    lines.push(...`${number === 0 ? "" : "caused by "}${text}`.split(/\r\n|[\r\n]/));
    if (shown instanceof ConfigError) lines.push(`see ${shown.docs}`);
    next = shown?.cause;
    if (next === undefined) break;
  }
  return lines
    .slice(0, MOST.lines)
    .map((line) => `    ${escaped(cut(line))}\n`)
    .join("");
}

function cut(text: string): string {
  return text.length > MOST.characters ? `${text.slice(0, MOST.characters)}…` : text;
}

/** Without what would end the line, move the cursor or turn the direction of what is read. */
function escaped(text: string): string {
  return text.replaceAll(UNPRINTABLE, (found) => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}

/** Controls (C0, C1), line and paragraph separators, and what has no width or sets a direction. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
