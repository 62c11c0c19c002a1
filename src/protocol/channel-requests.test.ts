import fc from "fast-check";
import { expect, test } from "vitest";
import {
  channelIn,
  parseHistory,
  parsePresence,
  parsePublish,
  parseSince,
  parseSubscribe,
  parseUnsubscribe,
} from "./channel-requests.js";
import { TidingsError } from "./tidings-error.js";

const parsers = { parseSubscribe, parseUnsubscribe, parsePublish, parsePresence, parseHistory };
const position = { epoch: "k3", offset: 41 };

/** Where it does not fit; what else is thrown fails the test. */
function misfits(parse: (payload: unknown) => unknown, payload: unknown): readonly unknown[] {
  try {
    parse(payload);
    return [];
  } catch (error) {
    if (!(error instanceof TidingsError) || error.code !== "invalid_payload") throw error;
    return (error.issues ?? []).map(({ path }) => path[0]);
  }
}

test("what is left out has its default", () => {
  const channel = "a";
  expect(parseSubscribe({ channel })).toEqual({ channel, since: undefined, rewind: undefined, presence: false });
  expect(parseUnsubscribe({ channel })).toEqual({ channel });
  expect(parsePublish({ channel, type: "said" })).toEqual({ channel, type: "said", payload: {}, key: undefined });
  expect(parsePresence({ channel })).toEqual({ channel, watch: undefined });
  expect(parseHistory({ channel })).toEqual({ channel, limit: undefined, before: undefined });
});

test("what is given is taken, and what is not known is ignored", () => {
  const channel = "a";
  const more = { unknown: 1 };
  const subscribe = { channel, since: { ...position, ...more }, presence: true };
  expect(parseSubscribe({ ...subscribe, ...more })).toEqual({
    channel,
    since: position,
    rewind: undefined,
    presence: true,
  });
  expect(parseSubscribe({ channel, rewind: 0 }).rewind).toBe(0);
  const publish = { channel, type: "said", payload: null, key: "k" };
  expect(parsePublish({ ...publish, ...more })).toEqual(publish);
  expect(parsePresence({ channel, watch: false, ...more })).toEqual({ channel, watch: false });
  expect(parseHistory({ channel, limit: 0, before: Number.MAX_SAFE_INTEGER, ...more })).toEqual({
    channel,
    limit: 0,
    before: Number.MAX_SAFE_INTEGER,
  });
});

test.each(Object.entries(parsers))("%s needs an object with a channel of its own", (_, parse) => {
  for (const payload of [undefined, null, 7, "a", true, [], {}, { channel: 7 }, { channel: null }]) {
    expect(misfits(parse, payload)).toContain("channel");
  }
  expect(misfits(parse, Object.create({ channel: "a", type: "said" }))).toContain("channel");
  expect(misfits(parse, JSON.parse('{"__proto__":{"channel":"a","type":"said"}}'))).toContain("channel");
});

test.each([
  [parseSubscribe, { since: position, rewind: 1 }, ["rewind"]],
  [parseSubscribe, { since: position, rewind: 0 }, ["rewind"]],
  [parseSubscribe, { since: { ...position, epoch: "e".repeat(33) } }, ["since"]],
  [parseSubscribe, { since: { ...position, epoch: "" } }, ["since"]],
  [parseSubscribe, { since: { ...position, offset: -1 } }, ["since"]],
  [parseSubscribe, { since: { ...position, offset: 2 ** 53 } }, ["since"]],
  [parseSubscribe, { since: Object.create(position) }, ["since"]],
  [parseSubscribe, { since: 7, rewind: -1, presence: 1 }, ["since", "rewind", "presence"]],
  [parsePublish, {}, ["type"]],
  [parsePublish, { type: "a b", key: "" }, ["type", "key"]],
  [parsePublish, { type: "said", key: "k".repeat(65) }, ["key"]],
  [parsePresence, { watch: null }, ["watch"]],
  [parseHistory, { limit: 1.5, before: "1" }, ["limit", "before"]],
  [parseHistory, { limit: Number.POSITIVE_INFINITY }, ["limit"]],
] as const)("%o of %j does not fit there", (parse, fields, expected) => {
  expect(misfits(parse, { channel: "a", ...fields })).toEqual(expected);
});

test("an epoch of 32 characters and an offset of 2^53 - 1 are positions", () => {
  const since = { epoch: "e".repeat(32), offset: Number.MAX_SAFE_INTEGER };
  expect(parseSubscribe({ channel: "a", since }).since).toEqual(since);
});

test("`since` of `connect` is a table of positions, whatever its names are", () => {
  expect(parseSince(undefined)).toEqual(new Map());
  expect(parseSince({})).toEqual(new Map());
  const since = JSON.parse('{"__proto__":{"epoch":"k3","offset":41},"":{"epoch":"k3","offset":41}}');
  expect(parseSince(since)).toEqual(
    new Map([
      ["__proto__", position],
      ["", position],
    ]),
  );
});

test.each([null, 7, "a", true, [], [position], { a: null }, { a: {} }, { a: position, b: { epoch: "e" } }])(
  "%j is no such table",
  (since) => {
    expect(parseSince(since)).toBeUndefined();
  },
);

test("the channel that a message names is told where it names one that is no longer than a name can be", () => {
  expect(channelIn({ channel: "a" })).toBe("a");
  expect(channelIn({ channel: "x".repeat(255) })).toBe("x".repeat(255));
  for (const payload of [undefined, null, [], {}, { channel: 7 }, { channel: "x".repeat(256) }]) {
    expect(channelIn(payload)).toBeUndefined();
  }
});

test("whatever JSON comes, it is parsed or is `invalid_payload`", () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom(position, "a", 1, true));
  const names = [
    "channel",
    "since",
    "rewind",
    "presence",
    "type",
    "payload",
    "key",
    "watch",
    "limit",
    "before",
  ] as const;
  const payload = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names, "__proto__"), field));
  fc.assert(
    fc.property(payload, (given) => {
      for (const parse of Object.values(parsers)) misfits(parse, given);
      parseSince(given);
      channelIn(given);
    }),
  );
});
