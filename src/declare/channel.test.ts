import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../base/config-error.js";
import { reservedFromServers } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type ChannelDefinition, channel } from "./channel.js";
import { dependency } from "./dependency.js";
import { StateAt, stateAt } from "./state-at.js";

const any = z.unknown();
const chat = channel("chat/:room", { events: { said: z.object({ text: z.string() }), left: any } });

test("called with its params it names one channel", () => {
  expect(chat({ room: "lobby" })).toMatchObject({ channel: "chat/lobby", pattern: "chat/:room" });
  expect(chat({ room: "太 🎉:%2F*" }).channel).toBe("chat/太 🎉:%2F*");
  expect(channel("everybody", { events: {} })().channel).toBe("everybody");
  expect(channel(":a/x/:b", { events: {} })({ a: "1", b: "2" }).channel).toBe("1/x/2");
});

test("all its channels share one declaration", () => {
  const definition = chat["~definition"];
  expect(chat({ room: "a" })["~definition"]).toBe(definition);
  expect(chat({ room: "b" })["~definition"]).toBe(definition);
  expect([...definition.events.keys()]).toEqual(["said", "left"]);
  expect({ ...chat }).toMatchObject({ "~is": "channel", pattern: "chat/:room" });
});

test("more params than it has are no harm, so that a handler can hand on its own", () => {
  const params = { room: "lobby", other: "x" };
  expect(chat(params).channel).toBe("chat/lobby");
});

test.each(["", ".", "..", "a/b", "a\nb", "\u0080", "\ud800", "x".repeat(129), "€".repeat(43)])(
  "the param %j can't be part of a name",
  (room) => {
    expect(() => chat({ room })).toThrow(TidingsError);
    expect(() => chat({ room })).toThrow(expect.objectContaining({ code: "not_found" }));
  },
);

test("a name of more than 255 bytes is not found", () => {
  const deep = channel("x/:a/:b", { events: {} });
  expect(deep({ a: "a".repeat(128), b: "b".repeat(124) }).channel).toHaveLength(255);
  expect(() => deep({ a: "a".repeat(128), b: "b".repeat(125) })).toThrow(
    expect.objectContaining({ code: "not_found" }),
  );
});

test.each([{}, { room: 7 }, { room: undefined }, { room: null }])(
  "a param that is no string is a mistake: %j",
  (params) => {
    expect(() => chat(params as never)).toThrow(TypeError);
    expect(() => chat(params as never)).toThrow('needs the param "room"');
  },
);

test("a param that every object inherits is missing too", () => {
  const odd = channel("x/:constructor", { events: {} });
  expect(() => odd({} as never)).toThrow(TypeError);
});

test.each(["/chat", "$chat", "$tasks/:user", "", "chat/", "chat//a", ":", "a/:b/:b"])("%j is no pattern", (pattern) => {
  expect(() => channel(pattern, { events: {} })).toThrow(ConfigError);
  expect(() => channel(pattern, { events: {} })).toThrow(expect.objectContaining({ code: "invalid_pattern" }));
});

test.each([...reservedFromServers, "tidings.x"])("the protocol's own word %s is no event", (type) => {
  expect(() => channel("chat", { events: { [type]: any } as never })).toThrow(
    expect.objectContaining({ code: "reserved_name", message: expect.stringContaining(`"${type}"`) }),
  );
});

test.each(["", "1st", "two words", "x".repeat(65), "é", "a\nb"])("%j is no name of an event", (type) => {
  expect(() => channel("chat", { events: { [type]: any } as never })).toThrow(
    expect.objectContaining({ code: "invalid_name", fix: expect.stringMatching(/begins with a letter/) }),
  );
});

test("words that only clients say, and words with a dot, a colon or a dash, are events", () => {
  const { events } = channel("chat", { events: { subscribe: any, "a.b:c-d_E1": any } })["~definition"];
  expect([...events.keys()]).toEqual(["subscribe", "a.b:c-d_E1"]);
});

/** What becomes of options that the types would not all let through. */
function declare(options: object): ChannelDefinition {
  return channel("chat/:room", { events: { said: any }, ...options })["~definition"];
}
/** How they are refused. */
function refused(code: string, message = "", fix = ""): unknown {
  return expect.objectContaining({
    name: "ConfigError",
    code,
    message: expect.stringContaining(message),
    fix: expect.stringContaining(fix),
  });
}

test("what is left out, or undefined, keeps nothing, shows nobody and lets nobody in", () => {
  const nothing = { needs: undefined, history: undefined, presence: undefined, snapshot: undefined };
  const expected = {
    needs: {},
    history: undefined,
    presence: undefined,
    snapshot: undefined,
    overflow: "disconnect",
    allow: { subscribe: false, publish: false },
  };
  expect(declare({})).toMatchObject(expected);
  expect(declare({ ...nothing, overflow: undefined, allow: undefined })).toMatchObject(expected);
  expect(declare({ allow: { subscribe: undefined, publish: undefined } })).toMatchObject(expected);
});

test("what is given is what the core reads", () => {
  const needs = { clock: dependency({ create: () => 7 }) };
  const given = { presence: () => ({}), snapshot: () => 7, allow: { subscribe: () => true, publish: () => true } };
  expect(declare({ needs, ...given })).toMatchObject({ needs, ...given });
  expect(declare({ allow: { subscribe: true, publish: false } }).allow).toEqual({ subscribe: true, publish: false });
});

test.each([
  [
    { size: 1, ttl: "250ms" },
    { size: 1, ttlMs: 250 },
  ],
  [
    { size: 100, ttl: "5m" },
    { size: 100, ttlMs: 300_000 },
  ],
])("the history %j keeps %j", (history, kept) => {
  expect(declare({ history }).history).toEqual(kept);
});

test.each([
  [{ size: 0, ttl: "5m" }, "invalid_history"],
  [{ size: -1, ttl: "5m" }, "invalid_history"],
  [{ size: 1.5, ttl: "5m" }, "invalid_history"],
  [{ size: Number.NaN, ttl: "5m" }, "invalid_history"],
  [{ size: Number.POSITIVE_INFINITY, ttl: "5m" }, "invalid_history"],
  [{ size: "100", ttl: "5m" }, "invalid_history"],
  [{ ttl: "5m" }, "invalid_history"],
  [{ size: 1, ttl: "0s" }, "invalid_history"],
  [{ size: 1, ttl: "long" }, "invalid_duration"],
  [{ size: 1, ttl: 300 }, "invalid_option"],
  [{ size: 1 }, "invalid_option"],
  [{ size: 1, ttl: "5m", max: 7 }, "unknown_option"],
  [true, "invalid_option"],
  [[100, "5m"], "invalid_option"],
])("%j is no history", (history, code) => {
  expect(() => declare({ history })).toThrow(refused(code, 'channel("chat/:room")'));
});

test("with `presence: true` a member shows nothing beside its id", () => {
  expect(declare({ presence: true }).presence?.({})).toEqual({});
});

test.each([false, null, 1, "yes", {}, []])("%j is no presence", (presence) => {
  expect(() => declare({ presence })).toThrow(refused("invalid_presence", "`presence`", "leave it out"));
});

test.each([null, true, "load", { price: 1 }])("%j is no snapshot", (snapshot) => {
  expect(() => declare({ snapshot })).toThrow(refused("invalid_option", "`snapshot`"));
});

test.each([null, 1, 0, "", "yes", "false", {}, [], Promise.resolve(true)])("what allows is never %j", (rule) => {
  expect(() => declare({ allow: { subscribe: rule } })).toThrow(refused("invalid_allow", "`allow.subscribe`"));
  expect(() => declare({ allow: { publish: rule } })).toThrow(refused("invalid_allow", "`allow.publish`"));
  expect(() => declare({ allow: { subscribe: true, publish: rule } })).toThrow(refused("invalid_allow"));
});

test.each([null, true, "yes", ["subscribe"], () => true])("nor is `allow` as a whole: %j", (allow) => {
  expect(() => declare({ allow })).toThrow(refused("invalid_option", "`allow`"));
});

test("a right that does not exist is a mistake, and not without effect", () => {
  expect(() => declare({ allow: { subscrbe: () => false } })).toThrow(
    refused("unknown_option", "allow", "`subscribe`"),
  );
  expect(() => declare({ allows: { subscribe: true } })).toThrow(refused("unknown_option", "", "`allow`"));
});

const history = { size: 1, ttl: "1m" };
const snapshot = () => 7;
const keepLatestBy = () => "a";
test.each<[string, object, unknown]>([
  ["closes by default", {}, "disconnect"],
  ["catches up by default from a history", { history }, "catch-up"],
  ["catches up by default from a snapshot", { snapshot }, "catch-up"],
  ["closes all the same where that is wanted", { history, snapshot, overflow: "disconnect" }, "disconnect"],
  ["catches up", { snapshot, overflow: "catch-up" }, "catch-up"],
  ["drops the oldest", { overflow: "drop-oldest" }, "drop-oldest"],
  ["drops the newest", { overflow: "drop-newest" }, "drop-newest"],
  ["keeps the latest", { overflow: { keepLatestBy } }, { keepLatestBy }],
  ["keeps the latest with a history too", { history, overflow: { keepLatestBy } }, { keepLatestBy }],
])("who does not read fast enough: %s", (_, options, overflow) => {
  expect(declare(options).overflow).toEqual(overflow);
});

test.each<[string, object, string]>([
  ["from nothing nobody catches up", { overflow: "catch-up" }, "`history` or a `snapshot`"],
  ["what is in a history is not dropped", { history, overflow: "drop-oldest" }, "Take `overflow` away"],
  ["nor what is in a snapshot", { snapshot, overflow: "drop-newest" }, "Take `overflow` away"],
  ["there is no such word", { overflow: "keep-latest" }, "keepLatestBy"],
  ["a yes is no way", { overflow: true }, "keepLatestBy"],
  ["null is none", { overflow: null }, "keepLatestBy"],
  ["nor is an empty object", { overflow: {} }, "keepLatestBy"],
  ["a key is worked out, not named", { overflow: { keepLatestBy: "type" } }, "(event) =>"],
  ["nothing else is read", { overflow: { keepLatestBy, max: 7 } }, "keepLatestBy"],
])("no overflow: %s", (_, options, fix) => {
  expect(() => declare(options)).toThrow(refused("invalid_overflow", 'channel("chat/:room")', fix));
});

test.each([undefined, null, "string", {}, () => true])("an event's schema is never %j", (schema) => {
  expect(() => declare({ events: { ok: any, said: schema } })).toThrow(refused("not_a_schema", '"said"', "z.object"));
});

test("a state with its place is told from one that only looks so", () => {
  const state = { price: 1 };
  const place = { epoch: "k3", offset: 7 };
  expect(stateAt(place, state)).toMatchObject({ place, state });
  expect(stateAt(place, state)).toBeInstanceOf(StateAt);
  expect({ place, state }).not.toBeInstanceOf(StateAt);
});

test("a state's place is one that a publish can have resolved with", () => {
  expect(stateAt({ epoch: "k3", offset: 0 }, null).place.offset).toBe(0);
  for (const offset of [-1, 1.5, Number.NaN, "7", 7n, undefined, null]) {
    expect(() => stateAt({ epoch: "k3", offset: offset as number }, null)).toThrow(TypeError);
  }
  for (const place of [
    7,
    undefined,
    null,
    {},
    { offset: 7 },
    { epoch: "", offset: 7 },
    { epoch: undefined, offset: undefined },
  ]) {
    expect(() => stateAt(place as never, null)).toThrow("publish");
  }
});
