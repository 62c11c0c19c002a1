import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { logTo } from "./log.js";
import { textLogger } from "./log-text.js";
import type { Happening } from "./observe.js";

const at = new Date(2026, 0, 2, 12, 3, 4).getTime();

/** What it writes, line by line. */
function openTextLogger(isColourful = false) {
  const lines: string[] = [];
  const write = (text: string) => lines.push(...text.replace(/\n$/, "").split("\n"));
  return { lines, logger: textLogger({ write, now: () => at, isColourful }) };
}

function linesOf(what: Happening): string[] {
  const { lines, logger } = openTextLogger();
  logTo(logger)(what);
  return lines;
}

const about = { connection: "c1", endpoint: "/ws/rooms/:room", user: "ana", address: "127.0.0.1" };

test.each<[string, Happening]>([
  [
    "12:03:04 info  connected    connection=c1 endpoint=/ws/rooms/:room user=ana address=127.0.0.1",
    { event: "connected", ...about },
  ],
  [
    '12:03:04 info  disconnected connection=c1 endpoint=/ws/rooms/:room user=ana address=127.0.0.1 code=1001 reason="" durationMs=12.3',
    { event: "disconnected", ...about, code: 1001, reason: "", durationMs: 12.345 },
  ],
  [
    "12:03:04 info  connected    connection=c1 endpoint=/ws/rooms/:room address=127.0.0.1",
    { event: "connected", ...about, user: undefined },
  ],
  ["12:03:04 info  draining     connections=3", { event: "draining", connections: 3 }],
])("a happening is one line: %s", (line, what) => {
  expect(linesOf(what)).toEqual([line]);
});

test("an error is told with its stack and its causes, indented", () => {
  const error = new TypeError("outer", { cause: new Error("inner", { cause: "thrown text" }) });
  const [head, first, ...rest] = linesOf({ event: "error", error, during: "open", connection: "c1", endpoint: "/ws" });
  expect(head).toBe("12:03:04 error error in open connection=c1 endpoint=/ws");
  expect(first).toBe("    TypeError: outer");
  expect(rest.filter((line) => !/^ {4}/.test(line))).toEqual([]);
  expect(rest).toContain("    caused by Error: inner");
  expect(rest).toContain("    caused by 'thrown text'");
});

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["null", null],
  ["a text", "broken"],
  ["a cycle", Object.assign(new Error("round"), { cause: undefined })],
  ["an object that can't be written", { [Symbol.for("nodejs.util.inspect.custom")]: () => 0, toJSON: () => 0 }],
])("whatever is thrown, lines are written and nothing throws: %s", (_, thrown) => {
  const lines = linesOf({ event: "error", error: thrown, during: "open", connection: undefined, endpoint: undefined });
  expect(lines[0]).toBe("12:03:04 error error in open");
  expect(lines.length).toBeGreaterThan(1);
});

test("an error that causes itself ends somewhere, as does one that has much to say", () => {
  const round = new Error("round");
  round.cause = round;
  const long = new Error("x".repeat(10_000).replaceAll("xxxxx", "xxxxx\n"));
  for (const error of [round, long]) {
    const lines = linesOf({ event: "error", error, during: "open", connection: undefined, endpoint: undefined });
    expect(lines.length).toBeLessThanOrEqual(41);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
  }
});

const forged = "12:03:04 info  connected    user=root";
test.each([
  ["a line break", `ana\n${forged}`],
  ["a carriage return", `ana\r${forged}`],
  ["a line separator", `ana\u2028${forged}`],
  ["a next line (C1)", `ana\u0085${forged}`],
  ["an escape sequence", `\u001b[2K\u001b[1G${forged}`],
  ["a one-byte control sequence", `\u009b2K${forged}`],
  ["a turned direction", `ana\u202e${forged}`],
  ["something without width", `a\u200bna\ufeff`],
  ["what closes a quote", `ana" user="root`],
])("who names himself with %s writes no line, and no field, of his own", (_, user) => {
  const [line = "", ...others] = linesOf({ event: "connected", ...about, user });
  expect(others).toEqual([]);
  expect(line).toMatch(/^12:03:04 info {2}connected {4}connection=c1/);
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  const [, shown = ""] = /user=(".*") address=/.exec(line) ?? [];
  expect(shown.replaceAll('\\"', "")).toMatch(/^"[^"]*"$/);
});

test("a message that holds what a client chose is escaped too, as are an error's lines", () => {
  const { lines, logger } = openTextLogger();
  logger.warn({ n: 1 }, `error in message "${forged}\n${forged}"`);
  const error = new Error(`of \u001b[31m\n${forged}`);
  logger.error({ err: error }, "failed");
  expect(lines.filter((line) => line.startsWith("12:03:04"))).toHaveLength(2);
  expect(lines.join("")).not.toContain("\u001b");
});

test("a field's name is escaped as its value is: an app may log an object that a client made", () => {
  const { lines, logger } = openTextLogger();
  logger.info({ [`\u001b[2K\n${forged}`]: 1, given: { [`\u001b[1G\n${forged}`]: 1 } }, "heard");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
});

test("a value that is long is cut", () => {
  expect(linesOf({ event: "connected", ...about, user: "x".repeat(5_000) })[0]?.length).toBeLessThan(500);
});

test("colours are there only where they are asked for", () => {
  const { lines, logger } = openTextLogger(true);
  logger.warn({ n: 1 }, "refused");
  expect(lines).toEqual(["\u001b[2m12:03:04\u001b[0m \u001b[33mwarn \u001b[0m refused      \u001b[2mn=\u001b[0m1"]);
});

test("an error of ours, and a warning, tell where they are explained", () => {
  const error = new ConfigError("port_in_use", { message: "Port 1 is in use.", fix: "Choose another." });
  const failed = linesOf({ event: "error", error, during: "start", connection: undefined, endpoint: undefined });
  expect(failed).toContain("    see node_modules/tidings/docs/reference/errors.md#port_in_use");
  expect(linesOf({ event: "warning", code: "weak_secret", message: "It is short.", fix: "Make it longer." })).toEqual([
    "12:03:04 warn  It is short. Make it longer. code=weak_secret",
    "    see node_modules/tidings/docs/reference/errors.md#weak_secret",
  ]);
});
