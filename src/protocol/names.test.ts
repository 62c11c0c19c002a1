import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { errorCodes } from "./error-codes.js";
import {
  isChannelName,
  isMessageId,
  isMessageType,
  isOwnErrorCode,
  isParamValue,
  isPublishKey,
  isReserved,
  reservedFromClients,
  reservedFromServers,
} from "./names.js";
import { refusals } from "./refusals.js";

describe("a message's type", () => {
  test.each(["a", "Z", "say", "chat:said", "a.b-c_d:9", "x".repeat(64), "ping"])("can be %j", (value) => {
    expect(isMessageType(value)).toBe(true);
  });

  test.each([
    "",
    "x".repeat(65),
    "1st",
    "_a",
    "-a",
    ".a",
    ":a",
    "$tasks",
    "a b",
    "a/b",
    "say\n",
    "é",
    "a\u0000",
    7,
    null,
    undefined,
    ["say"],
    {},
  ])("can't be %j", (value) => {
    expect(isMessageType(value)).toBe(false);
  });
});

describe("a message's id", () => {
  test.each([7, "7", 0, -1, 2 ** 53 - 1, -(2 ** 53 - 1), "x", " ", "x".repeat(64), "é".repeat(64), "😀".repeat(64)])(
    "can be %j",
    (value) => {
      expect(isMessageId(value)).toBe(true);
    },
  );

  test.each([
    "",
    "x".repeat(65),
    "😀".repeat(65),
    `${"x".repeat(64)}😀`,
    1.5,
    2 ** 53,
    -(2 ** 53),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    [],
    {},
  ])("can't be %j", (value) => {
    expect(isMessageId(value)).toBe(false);
  });

  test("is a string where it is a publish's key", () => {
    expect(isPublishKey("c1-9")).toBe(true);
    expect(isPublishKey("x".repeat(64))).toBe(true);
    expect(isPublishKey("x".repeat(65))).toBe(false);
    expect(isPublishKey("")).toBe(false);
    expect(isPublishKey(7)).toBe(false);
  });
});

describe("a param's value", () => {
  test.each([
    "a",
    "BTC",
    "...",
    ".a",
    "$tasks",
    "a b",
    "%2F",
    "é".repeat(64),
    "😀".repeat(32),
    "x".repeat(128),
    "\u00a0",
    "\ufeff",
    "\u2028",
  ])("can be %j", (value) => {
    expect(isParamValue(value)).toBe(true);
  });

  test.each([
    "",
    ".",
    "..",
    "/",
    "a/b",
    "x".repeat(129),
    "é".repeat(65),
    "😀".repeat(33),
    "\u0000",
    "a\u001f",
    "\u007f",
    "\u0080",
    "a\u009fb",
    "\n",
    "\ud800",
    "a\udc00",
  ])("can't be %j", (value) => {
    expect(isParamValue(value)).toBe(false);
  });

  test("is compared exactly: composed and decomposed are two values, and both are good", () => {
    expect(isParamValue("\u00e9") && isParamValue("e\u0301")).toBe(true);
  });
});

describe("a channel's name", () => {
  const segment = "x".repeat(127);

  test.each(["everyone", "chat/lobby", "prices/BTC", "$tasks/alice", "a/b/c/d", "é/😀", `${segment}/${segment}`])(
    "can be %j",
    (value) => {
      expect(isChannelName(value)).toBe(true);
    },
  );

  test.each([
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "a/.",
    "../a",
    "a/\u0007",
    "a/\ud800",
    "x".repeat(129),
    `${segment}/${segment}/`,
    `${segment}/${segment}xx`,
    `${"é".repeat(63)}/${"é".repeat(62)}/${"é".repeat(2)}`,
    7,
    null,
    undefined,
    ["chat"],
  ])("can't be %j", (value) => {
    expect(isChannelName(value)).toBe(false);
  });

  test("of 255 bytes is the longest", () => {
    expect(isChannelName(`${"é".repeat(63)}/${"é".repeat(64)}`)).toBe(true);
    expect(isChannelName(`${segment}/${"x".repeat(127)}`)).toBe(true);
    expect(isChannelName(`${segment}/${"x".repeat(128)}`)).toBe(false);
  });

  test("is what params' values are joined to, up to its length", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { minLength: 1, maxLength: 5 }), (values) => {
        const name = values.join("/");
        const fits = new TextEncoder().encode(name).length <= 255;
        if (values.every(isParamValue)) expect(isChannelName(name)).toBe(fits);
        else if (values.every((value) => !value.includes("/"))) expect(isChannelName(name)).toBe(false);
      }),
    );
  });
});

describe("a reserved type", () => {
  test("from clients is one of these", () => {
    expect([...reservedFromClients].join(" ")).toBe(
      "connect auth ping pong subscribe unsubscribe publish presence history task_cancel",
    );
  });

  test("from servers is one of these", () => {
    expect([...reservedFromServers].join(" ")).toBe(
      "connected auth_success ping pong subscribed unsubscribed presence reply error gap drain " +
        "task_queued task_started task_progress task_completed task_failed task_cancelled",
    );
  });

  test.each([
    ["subscribe", true, false],
    ["subscribed", false, true],
    ["ping", true, true],
    ["tidings.", true, true],
    ["tidings.anything", true, true],
    ["tidings", false, false],
    ["tidingsx", false, false],
    ["Ping", false, false],
    ["say", false, false],
    ["constructor", false, false],
  ])("%s: from clients %s, from servers %s", (type, fromClients, fromServers) => {
    expect([isReserved(type, "from-clients"), isReserved(type, "from-servers")]).toEqual([fromClients, fromServers]);
  });
});

describe("an app's own error code", () => {
  test.each(["sold_out", "a", "constructor", "x".repeat(64)])("can be %s", (code) => {
    expect(isOwnErrorCode(code)).toBe(true);
  });

  test.each([
    ...Object.keys(errorCodes),
    ...Object.keys(refusals),
    ...reservedFromClients,
    ...reservedFromServers,
    "left",
    "connection_lost",
    "Sold",
    "",
    "x".repeat(65),
  ])("can't be %j", (code) => {
    expect(isOwnErrorCode(code)).toBe(false);
  });
});
