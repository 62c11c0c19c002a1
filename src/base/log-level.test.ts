import { expect, test } from "vitest";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { fromLevel, logLevels } from "./log-level.js";

test.each([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
  ["silent", []],
] as const)("from %s on, %j are written", (level, written) => {
  const recorder = new LogRecorder();
  const logger = fromLevel(recorder, level);
  for (const each of logLevels) if (each !== "silent") logger[each]({ n: 1 }, "said");
  expect(recorder.lines).toEqual(written.map((each) => ({ level: each, message: "said", fields: { n: 1 } })));
});
