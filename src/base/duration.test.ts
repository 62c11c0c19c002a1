import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.js";
import { type Duration, durationMs } from "./duration.js";

describe("a duration", () => {
  test.each([
    ["0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5s", 1_500],
    ["1.1s", 1_100],
    ["0.1s", 100],
    ["0.3ms", 0],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["1d", 86_400_000],
    ["007s", 7_000],
  ] as const)("%s is %i ms", (value, ms) => {
    expect(durationMs(value)).toBe(ms);
  });

  test.each([
    "",
    "s",
    "30",
    "1e3s",
    " 1s",
    "1s ",
    "1 s",
    "1s\n",
    "-1s",
    "+1s",
    ".5s",
    "1.s",
    "1.2.3s",
    "1,5s",
    "0x10s",
    "1_000s",
    "Infinitys",
    "NaNs",
    "1S",
    "1w",
    "1constructor",
    "1__proto__",
    "١s",
    `${"9".repeat(400)}d`,
  ])("%j is refused", (value) => {
    expect(() => durationMs(value as Duration)).toThrow(ConfigError);
  });

  test.each([30, null, undefined, Number.NaN, true, {}, ["30s"], 10n, Symbol("s"), Object.create(null), () => "1s"])(
    "what is not a string is refused as well",
    (value) => {
      expect(() => durationMs(value as unknown as Duration)).toThrow(ConfigError);
    },
  );

  test("the error names the option, what was given, and how to write it", () => {
    expect(() => durationMs("5 sec" as Duration, "limits.handler")).toThrow(
      expect.objectContaining({
        code: "invalid_duration",
        message:
          'limits.handler is "5 sec", which is not a duration. ' +
          'Write a number and a unit (ms, s, m, h or d) in quotes, like "30s".',
        fix: 'Write a number and a unit (ms, s, m, h or d) in quotes, like "30s".',
      }),
    );
  });

  test("whatever is given, it is a whole number of milliseconds or a ConfigError", () => {
    const given = fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^[0-9.e+-]{0,6}(ms|s|m|h|d)?$/));
    fc.assert(
      fc.property(given, (value) => {
        try {
          const ms = durationMs(value as Duration);
          return Number.isInteger(ms) && ms >= 0;
        } catch (error) {
          return error instanceof ConfigError && error.code === "invalid_duration";
        }
      }),
    );
  });
});
