import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../base/config-error.js";
import { reservedFromServers } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { channel } from "./channel.js";

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
