import { inspect } from "node:util";
import type { Logger } from "../base/logger.js";

/**
 * Lines of JSON, for programs.
 *
 * @param write where a line goes, its line break included
 */
export function jsonLogger(write: (line: string) => void, now: () => number): Logger {
  const line =
    (level: string) =>
    (fields: object, message = ""): void => {
      write(`${toJson({ level, time: new Date(now()).toISOString(), msg: message, ...fields })}\n`);
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** What JSON can't hold (a cycle, say) is written as a debugger would show it: a line is better than none. */
function toJson(fields: object): string {
  try {
    return JSON.stringify(fields, readable);
  } catch {
    const shown = Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "object" ? inspect(value, { customInspect: false, depth: 2 }) : value,
    ]);
    return JSON.stringify(Object.fromEntries(shown), readable);
  }
}

function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    return {
      type: value.name,
      message: value.message,
      stack: value.stack,
      ...(value.cause !== undefined && { cause: value.cause }),
    };
  }
  return typeof value === "bigint" ? String(value) : value;
}
