import { describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.js";
import { parseRate, type Rate } from "./rate.js";

describe("a rate", () => {
  test.each([
    ["10/1s", 10, 1_000],
    ["200/10s", 200, 10_000],
    ["20/60s", 20, 60_000],
    ["1/1.5m", 1, 90_000],
    ["5/250ms", 5, 250],
  ] as const)("%s is %i in %i ms", (value, count, windowMs) => {
    expect(parseRate(value)).toEqual({ count, windowMs });
  });

  test.each([
    "",
    "10",
    "10/",
    "/1s",
    "0/1s",
    "-1/1s",
    "1.5/1s",
    "1e1/1s",
    "10/0s",
    "10/1",
    "10/s",
    "10 / 1s",
    "10/1s/1s",
    "10/1s/",
    "99999999999999999999/1s",
    10,
    null,
    ["10", "1s"],
  ])("%j is refused", (value) => {
    expect(() => parseRate(value as Rate)).toThrow(ConfigError);
  });

  test("the error names the option, what was given, and how to write it", () => {
    expect(() => parseRate("10 a second" as Rate, "limits.messages")).toThrow(
      expect.objectContaining({
        code: "invalid_rate",
        message:
          'limits.messages is "10 a second", which is not a rate. ' +
          'Write a whole number, a slash and a duration in quotes, like "10/1s".',
      }),
    );
  });
});
