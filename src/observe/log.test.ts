import { expect, test } from "vitest";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { jsonLogger, logTo } from "./log.js";
import type { Happening } from "./observe.js";

const connected: Happening = { event: "connected", connection: "c1", endpoint: "/ws", user: "ana", address: "::1" };

test.each<[Happening, string, string]>([
  [connected, "info", "connected"],
  [
    {
      event: "refused",
      code: "forbidden",
      status: 403,
      closeCode: undefined,
      reason: "Admin only",
      detail: undefined,
      endpoint: "/ws",
      address: "::1",
    },
    "warn",
    "refused",
  ],
  [
    {
      event: "disconnected",
      connection: "c1",
      endpoint: "/ws",
      user: undefined,
      address: "::1",
      code: 1000,
      reason: "",
      durationMs: 7,
    },
    "info",
    "disconnected",
  ],
  [
    { event: "blocked", endpoint: "/ws", during: 'message "say"', blockedMs: 250.4, certain: true },
    "warn",
    'message "say" blocked the event loop for 250 ms',
  ],
  [
    { event: "warning", code: "weak_secret", message: "The secret is short.", fix: "Take a longer one." },
    "warn",
    "The secret is short. Take a longer one.",
  ],
  [{ event: "broker_back", awayMs: 1_234.5 }, "info", "the broker is back after 1235 ms"],
  [{ event: "draining", connections: 3 }, "info", "draining"],
  [{ event: "drained", connections: 3, closeHandlers: 3, abandoned: 0, durationMs: 12 }, "info", "drained"],
])("what happened is one line with all it tells: $event", (what, level, message) => {
  const recorder = new LogRecorder();
  logTo(recorder)(what);
  expect(recorder.lines).toEqual([{ level, message, fields: what }]);
});

test("an error stands where pino looks for one", () => {
  const recorder = new LogRecorder();
  const error = new Error("broken");
  logTo(recorder)({ event: "error", error, during: 'message "say"', connection: "c1", endpoint: "/ws" });
  expect(recorder.lines).toEqual([
    {
      level: "error",
      message: 'error in message "say"',
      fields: { event: "error", during: 'message "say"', connection: "c1", endpoint: "/ws", err: error },
    },
  ]);
});

test("why the broker is away stands there too", () => {
  const recorder = new LogRecorder();
  const reason = new Error("ECONNREFUSED");
  logTo(recorder)({ event: "broker_away", reason });
  expect(recorder.lines).toEqual([
    {
      level: "warn",
      message: "the broker is away: what needs it is refused until it is back",
      fields: { event: "broker_away", err: reason },
    },
  ]);
});

/** What the logger of an app without one writes, line by line. */
function openJsonLogger() {
  const lines: string[] = [];
  return {
    lines,
    logger: jsonLogger(
      (line) => lines.push(line),
      () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    ),
  };
}

test("a line is JSON, with its time, level and message first", () => {
  const { lines, logger } = openJsonLogger();
  logger.info({ event: "connected", n: 1 }, "connected");
  logger.warn({});
  expect(lines).toEqual([
    '{"level":"info","time":"2026-01-02T03:04:05.678Z","msg":"connected","event":"connected","n":1}\n',
    '{"level":"warn","time":"2026-01-02T03:04:05.678Z","msg":""}\n',
  ]);
});

test("what is below `info` is dropped", () => {
  const { lines, logger } = openJsonLogger();
  logger.debug({ n: 1 }, "too much");
  expect(lines).toEqual([]);
});

test("a line is one line, whatever stands in it", () => {
  const { lines, logger } = openJsonLogger();
  logger.info({ reason: 'a\n{"level":"error"}\r\u2028' }, "b\nc");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toContain("\n");
});

test("an error is written with its name, message, stack and causes", () => {
  const { lines, logger } = openJsonLogger();
  const error = new TypeError("outer", { cause: new Error("inner", { cause: { n: 1n } }) });
  logger.error({ err: error }, "error in open");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "error",
    err: {
      type: "TypeError",
      message: "outer",
      stack: error.stack,
      cause: { type: "Error", message: "inner", cause: { n: "1" } },
    },
  });
});

test.each<[string, () => unknown]>([
  [
    "an error that causes itself",
    () => {
      const error = new Error("round");
      error.cause = new Error("and round", { cause: error });
      return error;
    },
  ],
  [
    "an error whose cause refers to itself",
    () => {
      const request: Record<string, unknown> = {};
      request.response = { request };
      return new Error("failed", { cause: request });
    },
  ],
  [
    "an object that can't be written",
    () => ({
      toJSON() {
        throw new Error("no JSON");
      },
    }),
  ],
  ["nothing", () => undefined],
  ["a symbol", () => Symbol("x")],
])("whatever is thrown, a line is written and nothing throws: %s", (_, thrown) => {
  const { lines, logger } = openJsonLogger();
  logTo(logger)({ event: "error", error: thrown(), during: "open", connection: "c1", endpoint: "/ws" });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "error", msg: "error in open", connection: "c1" });
});
