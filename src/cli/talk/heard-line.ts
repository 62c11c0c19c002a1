import type { TidingsError } from "../../index.js";
import { wordsOf } from "../../protocol/index.js";
import type { Terminal } from "../terminal.js";
import { visibleText } from "../visible-text.js";
import type { Heard } from "./caller.js";
import type { Frame } from "./raw-line.js";

/** One line for a person: when, where, what, and its payload. */
export function heardLine(terminal: Terminal, at: Date, { type, channel, payload }: Heard): string {
  return [
    terminal.style("dim", timeOf(at)),
    ...(channel === undefined ? [] : [terminal.style("cyan", visibleText(channel))]),
    terminal.style(type === "gap" || type === "error" ? "yellow" : "bold", visibleText(type)),
    type === "gap" ? "events were, or may have been, lost here" : payloadText(payload),
  ].join("  ");
}

/** The same for a program, in the order in which a message has it. */
export function heardJson(at: Date, { type, channel, offset, payload }: Heard): object {
  return {
    at: at.toISOString(),
    channel,
    type,
    offset,
    payload: payload instanceof Error ? errorJson(payload) : payload,
  };
}

export function frameLine(terminal: Terminal, at: Date, frame: Frame): string {
  return `${terminal.style("dim", timeOf(at))}  ${frameText(terminal, frame)}`;
}

/** As it is; only where a person reads it, without what would move their cursor. */
export function frameText(terminal: Terminal, frame: Frame): string {
  const text = "text" in frame ? frame.text : `${terminal.style("dim", "base64")} ${frame.base64}`;
  return terminal.isReadByPeople ? visibleText(text) : text;
}

/** Of this day, where whoever reads it is. */
function timeOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function payloadText(payload: unknown): string {
  if (payload instanceof Error)
    return visibleText(`${(payload as TidingsError).code}: ${wordsOf(payload as TidingsError)}`); // the client tells no other
  return visibleText(JSON.stringify(payload) ?? "");
}

function errorJson(error: Error): object {
  const { code, issues, retryAfterMs } = error as TidingsError; // the client tells no other
  return { code, message: wordsOf(error as TidingsError), issues, retryAfterMs };
}
