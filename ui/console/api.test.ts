import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { firstOf, jwt, session } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Api, cookieOf, pagePlacesOf, readApi, shownType } from "./api.js";

const jwtOptions = { secret: "a secret that is long enough, for sure", claims: z.object({ sub: z.string() }) };
const user = jwt({ ...jwtOptions, from: ["header", "query", "message"] });
const chat = channel("chat/:room", {
  summary: "A room",
  events: { said: z.object({ text: z.string().meta({ examples: ["hello"] }) }) },
  history: { size: 10, ttl: "1m" },
  allow: { subscribe: true, publish: true },
});
const room = endpoint("/ws/rooms/:room", {
  auth: user,
  query: z.object({ page: z.string().optional() }),
  receives: { say: z.object({ text: z.string().meta({ description: "What is said" }) }) },
  replies: { say: z.object({ count: z.number() }) },
  sends: { hint: z.object({ about: z.string() }) },
  channels: [chat],
  on: { say: () => ({ count: 1 }) },
});

test("an endpoint is read with all that can be said and heard there, and the token is no part of its query", () => {
  const { endpoints } = read([room]);
  expect(endpoints).toHaveLength(1);
  const [described] = endpoints;
  expect(described).toMatchObject({
    path: "/ws/rooms/:room",
    kind: "messages",
    isOpenToAll: false,
    isOutOfReach: false,
  });
  expect(described?.params.map(({ name }) => name)).toEqual(["room"]);
  expect(described?.query.map(({ name, isRequired }) => [name, isRequired])).toEqual([["page", false]]);
  expect(described?.says.map(({ type }) => type)).toEqual(["say"]);
  expect(described?.says[0]?.field).toMatchObject({
    kind: "group",
    members: [{ name: "text", isRequired: true, field: { kind: "text", description: "What is said" } }],
  });
  expect(described?.says[0]?.reply).toMatchObject({ properties: { count: { type: "number" } } });
  expect(described?.hears.map(({ type }) => type)).toEqual(["hint"]);
});

test("what may be of any type is shown as that", () => {
  const board = channel("board", { events: { "*": z.object({}) }, allow: { subscribe: true, publish: true } });
  const api = read([endpoint("/ws", { channels: [board], receives: { "*": z.object({}) }, on: { "*": () => null } })]);
  const messages = [api.endpoints[0]?.says[0], api.channels.get("board")?.publishable[0]];
  expect(messages.map((message) => message && [message.isAny, shownType(message)])).toEqual([
    [true, "any other"],
    [true, "any other"],
  ]);
});

test("a channel is read with what it keeps and who may, and its events as they are published", () => {
  const described = read([room]).channels.get("chat/:room");
  expect(described).toMatchObject({ summary: "A room", history: { size: 10, ttlMs: 60_000 }, presence: false });
  expect(described?.subscribe).toBe("yes");
  expect(described?.events.map(({ type }) => type)).toEqual(["said"]);
  expect(described?.publishable.map(({ type, example }) => [type, example])).toEqual([["said", { text: "hello" }]]);
});

test("of the places of a credential a page has those that it can give, the one that is in no log first", () => {
  const reads = read([
    room,
    endpoint("/header", { auth: jwt({ ...jwtOptions, from: ["header"] }) }),
    endpoint("/either", { auth: firstOf(user, session({ cookie: "sid", lookup: () => undefined })) }),
    rawEndpoint("/open", { text() {} }),
  ]).endpoints;
  expect(
    reads.map((each) => [each.path, pagePlacesOf(each), cookieOf(each), each.isOutOfReach, each.isOpenToAll]),
  ).toEqual([
    ["/ws/rooms/:room", ["message", "query"], undefined, false, false],
    ["/header", [], undefined, true, false],
    ["/either", ["message", "query"], "sid", false, false],
    ["/open", [], undefined, false, true],
  ]);
});

test("an app that has no version shows none", () => {
  expect(read([room]).version).toBeUndefined();
  expect(readApi(createApp({ endpoints: [room], info: { version: "2.1.0" } }).asyncapi()).version).toBe("2.1.0");
});

function read(endpoints: Parameters<typeof createApp>[0]["endpoints"]): Api {
  return readApi(createApp({ endpoints }).asyncapi());
}
