import type { Logger } from "tidings";
import { Inbox } from "./inbox.js";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps its lines. */
export class LogRecorder implements Logger {
  readonly lines: LogLine[] = [];
  readonly #inbox = new Inbox<LogLine>("The log");

  /** The oldest line of this event that was not asked for yet, or the first that comes. */
  next(event: string): Promise<LogLine> {
    return this.#inbox.next(({ fields }) => fields.event === event);
  }

  debug(fields: object, message?: string): void {
    this.#put("debug", fields, message);
  }

  info(fields: object, message?: string): void {
    this.#put("info", fields, message);
  }

  warn(fields: object, message?: string): void {
    this.#put("warn", fields, message);
  }

  error(fields: object, message?: string): void {
    this.#put("error", fields, message);
  }

  #put(level: LogLine["level"], fields: object, message: string | undefined): void {
    const line = { level, message, fields: { ...fields } };
    this.lines.push(line);
    this.#inbox.put(line);
  }
}
