import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import type { AppLimits } from "../declare/limits.js";
import { defaultLimits } from "../protocol/limits.js";
import { resolveLimits } from "./limits.js";

test("what is left out, or undefined, has its default", () => {
  expect(resolveLimits({})).toEqual(defaultLimits);
  expect(resolveLimits({ outbox: undefined, channels: undefined, close: undefined })).toEqual(defaultLimits);
});

test("sizes are bytes, durations milliseconds, and all else counts", () => {
  expect(
    resolveLimits({
      messageSize: "1kb",
      fragments: 2,
      outbox: "1.5mb",
      waitingMessages: 3,
      waitingBytes: "512b",
      channels: 4,
      connections: 5,
      auth: "250ms",
      close: "1m",
    }),
  ).toEqual({
    ...defaultLimits,
    messageSize: 1_024,
    fragments: 2,
    outbox: 1_572_864,
    waitingMessages: 3,
    waitingBytes: 512,
    channels: 4,
    connections: 5,
    auth: 250,
    close: 60_000,
  });
});

test("what is given stands over what was there before", () => {
  const app = resolveLimits({ outbox: "1kb", channels: 7, close: "1s" });
  expect(resolveLimits({ outbox: "2kb", close: undefined }, app)).toEqual({ ...app, outbox: 2_048 });
});

test.each<[AppLimits, string, string]>([
  [{ messageSize: "1 kb" as never }, "invalid_size", "limits.messageSize"],
  [{ messageSize: 1024 as never }, "invalid_size", "limits.messageSize"],
  [{ outbox: "1gb" as never }, "invalid_size", "limits.outbox"],
  [{ waitingBytes: "-1b" as never }, "invalid_size", "limits.waitingBytes"],
  [{ auth: "soon" as never }, "invalid_duration", "limits.auth"],
  [{ close: 5 as never }, "invalid_duration", "limits.close"],
  [{ channels: 0 }, "invalid_limit", "limits.channels"],
  [{ channels: -1 }, "invalid_limit", "limits.channels"],
  [{ fragments: 1.5 }, "invalid_limit", "limits.fragments"],
  [{ waitingMessages: Number.NaN }, "invalid_limit", "limits.waitingMessages"],
  [{ connections: Number.POSITIVE_INFINITY }, "invalid_limit", "limits.connections"],
  [{ connections: "5" as never }, "invalid_limit", "limits.connections"],
])("%j is refused by its name", (given, code, name) => {
  expect(() => resolveLimits(given)).toThrow(ConfigError);
  expect(() => resolveLimits(given)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(name) }));
});

test.each(["messageSize", "outbox", "waitingBytes"] as const)("nothing at all is no size: %s", (name) => {
  // To a transport 0 bytes of a message is no limit, and with 0 bytes that may wait nothing would be read again.
  for (const nothing of ["0b", "0kb", "0.1b"] as const) {
    expect(() => resolveLimits({ [name]: nothing })).toThrow(ConfigError);
  }
});
