import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { jwt, session } from "tidings/auth";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { createShowcase } from "../../examples/showcase/app.js";
import { secret } from "../../examples/showcase/tokens.js";
import { oddApps, SECRET, schemaOf } from "../asyncapi/corpus.js";
import { described } from "../asyncapi/described.js";
import { findBreaches } from "../asyncapi/rules.js";
import { LogRecorder } from "../support/log-recorder.js";

test("the showcase's document keeps the rules, and all that it declares can be told", async () => {
  const log = new LogRecorder();
  const document = createShowcase({ logger: log }).asyncapi();
  expect(findBreaches(document, [secret])).toEqual([]);
  expect(document.info.title).toBe("The showcase of Tidings");
  expect(log.lines).toEqual([]);
});

test.each(Object.entries(oddApps))("the document of an app with %s keeps the rules", (_, endpoints) => {
  expect(findBreaches(described(endpoints()).document, [SECRET])).toEqual([]);
});

test.each(Object.entries(oddApps))("an app with %s has the same document each time", (_, endpoints) => {
  expect(JSON.stringify(described(endpoints()).document)).toBe(JSON.stringify(described(endpoints()).document));
});

test("an endpoint is a channel of the document, with its path, its parameters and its handshake", () => {
  const orders = endpoint("/ws/orders/:order/items/:item", {
    summary: "One order.",
    params: z.object({ order: z.coerce.number().min(100).describe("Its number."), item: z.enum(["a", "b"]) }),
    query: z.object({ version: z.int().optional() }),
    auth: jwt({ secret: "x".repeat(32), from: ["header", "query"] }),
    closeCodes: { forbidden: 4003 },
    refuse: "close",
    subprotocols: ["orders.v1"],
    limits: { messages: "5/1s" },
  });
  const { channels, components } = createApp({ endpoints: [orders] }).asyncapi();
  expect(channels.ws_orders_order_items_item).toMatchObject({
    address: "/ws/orders/{order}/items/{item}",
    title: "/ws/orders/:order/items/:item",
    summary: "One order.",
    parameters: {
      order: { description: "Its number.", examples: ["100"], "x-tidings": { schema: { type: "number" } } },
      item: { enum: ["a", "b"], examples: ["a"] },
    },
    bindings: {
      ws: {
        method: "GET",
        query: { type: "object", properties: { version: { type: "integer" }, token: { type: "string" } } },
        headers: { type: "object", properties: { Authorization: {}, "Sec-WebSocket-Protocol": {} } },
      },
    },
    "x-tidings": {
      kind: "messages",
      subprotocols: ["orders.v1"],
      refuse: "close",
      closeCodes: { forbidden: 4003 },
      credentials: [
        { place: "header", name: "Authorization", scheme: "header" },
        { place: "query", name: "token", scheme: "query" },
      ],
      isOpenToAll: false,
      limits: { messages: { count: 5, windowMs: 1_000 }, messageSize: 65_536 },
    },
  });
  expect(components.securitySchemes).toMatchObject({
    header: { type: "http", scheme: "bearer" },
    query: { type: "httpApiKey", in: "query", name: "token" },
  });
});

test("an endpoint is open to all where nobody asks who it is, nor whether they may", () => {
  const auth = session({ lookup: () => ({ id: "ana" }) });
  const endpoints = [endpoint("/open", {}), endpoint("/known", { auth }), endpoint("/chosen", { allow: () => true })];
  const { channels } = createApp({ endpoints }).asyncapi();
  const open = Object.entries(channels).map(([key, { "x-tidings": told }]) => [key, told.isOpenToAll]);
  expect(open).toEqual([
    ["open", true],
    ["known", false],
    ["chosen", false],
  ]);
});

test("what is said has the form that it has on the wire, an example, and what it is answered", () => {
  const sum = endpoint("/ws", {
    receives: { add: z.object({ a: z.number(), b: z.number() }).meta({ title: "Add", description: "Adds two." }) },
    replies: { add: z.number() },
    on: { add: (_, { a, b }) => a + b },
  });
  const { operations, components } = createApp({ endpoints: [sum] }).asyncapi();
  expect(components.messages["ws.add"]).toMatchObject({
    name: "add",
    title: "Add",
    summary: "Adds two.",
    payload: {
      required: ["type", "payload"],
      properties: { type: { const: "add" }, payload: { required: ["a", "b"] } },
    },
    correlationId: { location: "$message.payload#/id" },
    examples: [{ name: "add", payload: { type: "add", id: 1, payload: { a: 1, b: 1 } } }],
    "x-tidings": { role: "receives", from: "client" },
  });
  expect(operations["ws.receive.add"]).toEqual({
    action: "receive",
    channel: { $ref: "#/channels/ws" },
    title: "Add",
    summary: "Adds two.",
    messages: [{ $ref: "#/channels/ws/messages/add" }],
    reply: {
      channel: { $ref: "#/channels/ws" },
      messages: [{ $ref: "#/channels/ws/messages/add.reply" }, { $ref: "#/channels/ws/messages/error" }],
    },
  });
});

test("a message whose payload may be left out says so", () => {
  const receives = {
    stats: z.object({}),
    find: z.object({ text: z.string().optional() }),
    say: z.object({ text: z.string() }),
  };
  const on = { stats: () => {}, find: () => {}, say: () => {} };
  const { messages } = createApp({ endpoints: [endpoint("/ws", { receives, on })] }).asyncapi().components;
  const required = ["stats", "find", "say"].map((type) => messages[`ws.${type}`]?.payload.required);
  expect(required).toEqual([["type"], ["type"], ["type", "payload"]]);
});

test("a channel is told of once, and its events wherever an endpoint lists it", () => {
  const chat = channel("chat/:room", {
    summary: "A room.",
    events: { said: z.object({ text: z.string() }) },
    history: { size: 20, ttl: "1m" },
    presence: true,
    overflow: { keepLatestBy: ({ type }) => type },
    allow: { subscribe: true, publish: () => true },
  });
  const endpoints = [endpoint("/one", { channels: [chat] }), endpoint("/two", { channels: [chat] })];
  const { channels, components, "x-tidings-channels": listed } = createApp({ endpoints }).asyncapi();
  const said = { $ref: "#/components/messages/chat_room.said" };
  expect(listed).toEqual({
    "chat/:room": {
      summary: "A room.",
      params: { room: { examples: ["lobby"] } },
      history: { size: 20, ttlMs: 60_000 },
      presence: true,
      snapshot: false,
      overflow: "keep-latest",
      subscribe: "yes",
      publish: "asked",
      tasks: false,
      events: { said },
    },
  });
  expect([channels.one?.messages["chat_room.said"], channels.two?.messages["chat_room.said"]]).toEqual([said, said]);
  expect(components.messages["publish.chat_room.said"]?.examples).toEqual([
    {
      name: "publish",
      payload: {
        type: "publish",
        id: 1,
        payload: { channel: "chat/lobby", type: "said", payload: { text: "Hello!" } },
      },
    },
  ]);
});

test("only what can do something at an endpoint is told of there", () => {
  const quiet = channel("quiet", { events: {} });
  const cookie = session({ lookup: () => ({ id: "ana" }) });
  const token = jwt({ secret: "x".repeat(32), from: ["message"] });
  const app = createApp({
    endpoints: [
      endpoint("/bare", {}),
      endpoint("/listening", { channels: [quiet] }),
      endpoint("/cookie", { auth: cookie }),
      endpoint("/message", { auth: token }),
    ],
  });
  const { channels, components } = app.asyncapi();
  const says = (key: string) => Object.keys(channels[key]?.messages ?? {});
  expect(says("bare")).toEqual([
    "connect",
    "ping",
    "pong.client",
    "connected",
    "pong",
    "ping.server",
    "drain",
    "error",
  ]);
  expect(says("listening")).toEqual(expect.arrayContaining(["subscribed", "unsubscribed", "gap"]));
  expect(says("listening")).not.toEqual(expect.arrayContaining(["subscribe"]));
  expect(says("cookie")).not.toContain("auth");
  expect(says("message")).toContain("auth");
  const connect = (key: string) => components.messages[`${key}.connect`]?.payload.properties?.payload;
  expect(connect("bare")).toEqual({ type: "object", properties: {} });
  expect(connect("message")).toMatchObject({ properties: { token: { type: "string" } } });
});

test("who has no JSON Schema, or an example that does not fit, is told so once", () => {
  const log = new LogRecorder();
  const text = v.object({ text: v.string() });
  const receives = { a: text, b: text, c: z.object({ text: z.string() }).meta({ examples: [{ text: 5 }] }) };
  const on = { a: () => {}, b: () => {}, c: () => {} };
  const app = createApp({ endpoints: [endpoint("/ws", { receives, on })], logger: log });
  const { messages } = app.asyncapi().components;
  app.asyncapi();
  const told = log.lines.map(({ fields }) => [fields.code, fields.message ?? ""]);
  expect(told).toEqual([
    ["no_json_schema", expect.anything()],
    ["bad_example", expect.anything()],
  ]);
  expect(messages["ws.c"]?.examples?.[0]?.payload).toEqual({ type: "c", id: 1, payload: { text: "Hello!" } });
});

test("an example that fits a schema in one direction alone is shown in that one", () => {
  const examples = ["4", 4];
  const digits = schemaOf(
    () => ({ type: "string", examples }),
    () => ({ type: "integer", examples }),
  );
  const counts = channel("counts", { events: { count: digits }, allow: { publish: true } });
  const { document, warnings } = described([endpoint("/ws", { channels: [counts] })]);
  const { messages } = document.components;
  expect(messages["counts.count"]?.examples?.map(({ payload }) => payload)).toMatchObject([{ payload: 4 }]);
  expect(messages["publish.counts.count"]?.examples?.map(({ payload }) => payload)).toMatchObject([
    { payload: { payload: "4" } },
  ]);
  expect(warnings).toEqual([]);
});

test("an example is one that the schema itself takes, where it can say so at once", () => {
  const receives = {
    truth: z.stringbool(),
    even: z.int().refine((n) => n % 2 === 0),
    late: z.string().refine(async () => false),
  };
  const on = { truth: () => {}, even: () => {}, late: () => {} };
  const { document, warnings } = described([endpoint("/ws", { receives, on })]);
  const { messages } = document.components;
  const examples = ["truth", "even", "late"].map((type) =>
    messages[`ws.${type}`]?.examples?.map(({ payload }) => payload),
  );
  expect(examples).toEqual([
    [{ type: "truth", id: 1, payload: "1" }],
    undefined,
    [{ type: "late", id: 1, payload: "late" }],
  ]);
  expect(warnings.map(({ code, message }) => `${code} ${message}`)).toEqual([
    "no_example /ws, receives.even: no example could be made that its schema takes.",
  ]);
});

test("an event has its offset where there is a history, and there alone", () => {
  const events = { said: z.object({}) };
  const kept = channel("kept", { events, history: { size: 1, ttl: "1m" } });
  const lost = channel("lost", { events });
  const app = createApp({ endpoints: [endpoint("/ws", { channels: [kept, lost] })] });
  const { messages } = app.asyncapi().components;
  expect(messages["kept.said"]?.payload.required).toEqual(["type", "channel", "offset", "payload"]);
  expect(messages["lost.said"]?.payload.required).toEqual(["type", "channel", "payload"]);
  expect(messages["kept.said"]?.examples?.[0]?.payload).toMatchObject({ channel: "kept", offset: 58 });
});

test("a raw endpoint has texts and bytes, and no credential by message", () => {
  const auth = jwt({ secret: "x".repeat(32), from: ["header", "message"] });
  const app = createApp({ endpoints: [rawEndpoint("/raw", { auth, text: () => {} })] });
  const { channels, components, operations } = app.asyncapi();
  expect(channels.raw?.["x-tidings"]).toMatchObject({ kind: "frames", credentials: [{ place: "header" }] });
  expect(Object.keys(operations)).toEqual(["raw.receive.text", "raw.send.text.server", "raw.send.binary"]);
  expect(components.messages.text).toMatchObject({ contentType: "text/plain", examples: [{ payload: "Hello!" }] });
  expect(components.schemas).toEqual({});
});

test("an app that listens says where it does", async () => {
  const app = createApp({ endpoints: [endpoint("/ws", {})], logger: new LogRecorder() });
  expect(app.asyncapi().servers).toBeUndefined();
  const { url } = await app.listen(0, { signals: [] });
  try {
    expect(app.asyncapi().servers).toEqual({ server: { host: new URL(url).host, protocol: "ws" } });
  } finally {
    await app.close();
  }
});

test("what it is called, and by which version, is the app's to say", () => {
  const info = { title: "Prices", version: "1.2.0", description: "All of them." };
  expect(createApp({ endpoints: [], info }).asyncapi().info).toEqual(info);
  expect(createApp({ endpoints: [] }).asyncapi().info).toEqual({ title: "WebSocket API", version: "0.0.0" });
});
