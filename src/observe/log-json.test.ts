import { expect, test } from "vitest";
import { logTo } from "./log.js";
import { jsonLogger } from "./log-json.js";

/** What it writes, line by line. */
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
