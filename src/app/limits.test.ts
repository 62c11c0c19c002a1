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

const readable: Required<AppLimits> = {
  messageSize: "1kb",
  fragments: 2,
  handshake: "3s",
  auth: "4s",
  needs: "5s",
  handler: "6s",
  close: "7s",
  waitingMessages: 8,
  waitingBytes: "9kb",
  messages: "10/1s",
  messagesPerUser: "11/2s",
  strikes: "12/3s",
  control: "13/4s",
  channels: 14,
  connections: 15,
  connectionsPerUser: 16,
  connectionsPerAddress: 17,
  pending: 18,
  outbox: "19kb",
  expiryGrace: "20s",
  presenceGrace: "22s",
  revocations: 21,
  members: 23,
  historyPage: 24,
  tasks: 27,
  tasksPerUser: 28,
  taskResult: "29kb",
  apiBody: "30kb",
  apiBodyTime: "31s",
  apiBatch: 32,
  apiRequests: 33,
  historyBytes: "25kb",
  positionTtl: "26s",
};

test("every limit there is can be given, and nothing else changes", () => {
  expect(resolveLimits(readable)).toEqual({
    ...defaultLimits,
    messageSize: 1_024,
    fragments: 2,
    handshake: 3_000,
    auth: 4_000,
    needs: 5_000,
    handler: 6_000,
    close: 7_000,
    waitingMessages: 8,
    waitingBytes: 9_216,
    messages: { count: 10, windowMs: 1_000 },
    messagesPerUser: { count: 11, windowMs: 2_000 },
    strikes: { count: 12, windowMs: 3_000 },
    control: { count: 13, windowMs: 4_000 },
    channels: 14,
    connections: 15,
    connectionsPerUser: 16,
    connectionsPerAddress: 17,
    pending: 18,
    outbox: 19_456,
    expiryGrace: 20_000,
    presenceGrace: 22_000,
    revocations: 21,
    members: 23,
    historyPage: 24,
    tasks: 27,
    tasksPerUser: 28,
    taskResult: 29_696,
    apiBody: 30_720,
    apiBodyTime: 31_000,
    apiBatch: 32,
    apiRequests: 33,
    historyBytes: 25_600,
    positionTtl: 26_000,
  });
});

test.each(Object.keys(readable))("a value that can't be is refused by its name: %s", (name) => {
  // No limit is written like one of these.
  for (const wrong of [0, -1, 1.5, "", "many", "0/1s", "1/0s", null, {}, Number.NaN]) {
    const resolve = () => resolveLimits({ [name]: wrong });
    expect(resolve, JSON.stringify(wrong)).toThrow(ConfigError);
    expect(resolve).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^invalid_/),
        message: expect.stringContaining(`limits.${name}`),
        fix: expect.stringMatching(/\w/),
      }),
    );
  }
});

test("a name that is nearly a limit's is refused, and that one is named", () => {
  const given = { conections: 3 } as never;
  expect(() => resolveLimits(given)).toThrow(expect.objectContaining({ fix: "Did you mean `connections`?" }));
});

test.each(["heartbeat", "pong", "token", "toString", "__proto__", ""])(
  "a name that is no limit is refused, and all that there are are named: %j",
  (name) => {
    const given = Object.defineProperty({}, name, { value: 1, enumerable: true });
    expect(() => resolveLimits(given)).toThrow(ConfigError);
    expect(() => resolveLimits(given)).toThrow(
      expect.objectContaining({ code: "unknown_limit", message: expect.stringContaining(`\`${name}\``) }),
    );
    expect(() => resolveLimits(given)).toThrow(
      expect.objectContaining({ fix: `The limits are ${Object.keys(readable).join(", ")}.` }),
    );
  },
);
