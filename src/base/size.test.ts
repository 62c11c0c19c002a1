import { describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.js";
import { type Size, sizeBytes, sizeText } from "./size.js";

describe("a size", () => {
  test.each([
    ["0b", 0],
    ["512b", 512],
    ["1kb", 1_024],
    ["64kb", 65_536],
    ["1.5kb", 1_536],
    ["1mb", 1_048_576],
  ] as const)("%s is %i bytes", (value, bytes) => {
    expect(sizeBytes(value)).toBe(bytes);
  });

  test.each(["", "64", "64KB", "64 kb", "64k", "1gb", "-1b", "1e3b", "kb", `${"9".repeat(400)}mb`, 64, null])(
    "%j is refused",
    (value) => {
      expect(() => sizeBytes(value as Size)).toThrow(ConfigError);
    },
  );

  test("the error names the option, what was given, and how to write it", () => {
    expect(() => sizeBytes(65_536 as unknown as Size, "limits.messageSize")).toThrow(
      expect.objectContaining({
        code: "invalid_size",
        message:
          "limits.messageSize is 65536, which is not a size. " +
          'Write a number and a unit (b, kb or mb) in quotes, like "64kb".',
      }),
    );
  });
});

test.each([
  [0, "0 bytes"],
  [1_023, "1023 bytes"],
  [1_024, "1 kB"],
  [60_179, "58.8 kB"],
  [1_048_576, "1 MB"],
  [1_600_000, "1.5 MB"],
])("%i bytes are %s to people", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
