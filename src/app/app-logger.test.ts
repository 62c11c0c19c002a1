import { expect, test } from "vitest";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { createApp } from "./app.js";
import { checkLogOptions, createLogger, type LogOptions, loggerFor, openLogger } from "./app-logger.js";

/** What one line becomes. */
function lineOf(options: LogOptions, { isTTY, NO_COLOR }: { isTTY?: boolean; NO_COLOR?: string } = {}): string {
  let written = "";
  const write = (text: string) => {
    written += text;
  };
  openLogger(options, { NO_COLOR }, { write, isTTY }).info({ n: 1 }, "said");
  return written.replaceAll("\u001b", "ESC");
}

test.each<[string, LogOptions, Parameters<typeof lineOf>[1], RegExp]>([
  ["a terminal", {}, { isTTY: true }, /^ESC\[2m\d\d:\d\d:\d\dESC\[0m /],
  ["a terminal where NO_COLOR is set", {}, { isTTY: true, NO_COLOR: "1" }, /^\d\d:\d\d:\d\d info {2}said {9}n=1\n$/],
  ["a pipe", {}, {}, /^\{"level":"info".*\}\n$/],
  ["a terminal that is to have JSON", { format: "json" }, { isTTY: true }, /^\{"level":"info".*\}\n$/],
  ["a pipe that is to have text", { format: "text" }, {}, /^\d\d:\d\d:\d\d info {2}said {9}n=1\n$/],
  ["what is to hear of warnings alone", { level: "warn" }, {}, /^$/],
])("to %s a line is written as it is read there", (_, options, stream, line) => {
  expect(lineOf(options, stream)).toMatch(line);
});

test("a logger of one's own has all lines, unless a level is given", () => {
  const recorder = new LogRecorder();
  expect(loggerFor({ logger: recorder }, {})).toBe(recorder);
  loggerFor({ logger: recorder, log: { level: "error" } }, {}).info({}, "dropped");
  expect(recorder.lines).toEqual([]);
});

test.each<[string, object]>([
  ["log.level", { level: "verbose" }],
  ["log.format", { format: "xml" }],
  ["`leve`", { leve: "info" }],
])("%s that can't be is refused, for an app and for a logger", (words, log) => {
  for (const make of [() => checkLogOptions(log), () => createLogger(log), () => createApp({ endpoints: [], log })]) {
    expect(make).toThrow(expect.objectContaining({ name: "ConfigError", message: expect.stringContaining(words) }));
  }
});
