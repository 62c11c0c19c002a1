import { endpoint, TidingsError } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const shop = endpoint("/ws/shop", {
  receives: {
    add: z.object({ a: z.number(), b: z.coerce.number().default(1) }),
    half: z.object({ of: z.number() }),
    broken: z.object({}),
    brokenAsync: z.object({}),
    nothing: z.object({}),
    greet: z.object({ name: z.string() }),
    slowly: z.object({ n: z.number() }).refine(async ({ n }) => n > 0, "too small"),
  },
  replies: {
    half: z.number().transform((n) => ({ half: n })),
    // A reply that does not fit is the server's fault.
    broken: z.number().max(1),
    brokenAsync: z.number().refine(async (n) => n < 1),
  },
  sends: { greeting: z.object({ text: z.string().max(10), at: z.date().default(new Date(0)) }) },
  on: {
    add: (_, { a, b }) => a + b,
    half: (_, { of }) => of / 2,
    broken: () => 2,
    brokenAsync: async () => 2,
    nothing() {},
    greet: ({ connection }, { name }) => connection.send("greeting", { text: `Hi ${name}` }),
    slowly: async (_, { n }) => n,
  },
});

test("P13: a message with an id is answered by the reply, with that id", async () => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  expect(await client.ask("add", { a: 2, b: "3" }, 7)).toEqual({ type: "reply", id: 7, payload: 5 });
  expect(await client.ask("add", { a: 2 }, "7")).toEqual({ type: "reply", id: "7", payload: 3 });
  expect(await client.ask("nothing", undefined, 0)).toEqual({ type: "reply", id: 0, payload: null });
  expect(await client.ask("slowly", { n: 1 }, -1)).toEqual({ type: "reply", id: -1, payload: 1 });
});

test("P13: a message without an id is answered only where it fails", async () => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  client.send({ type: "add", payload: { a: 1 } });
  client.send({ type: "nothing" });
  client.send({ type: "add", payload: {} });
  const [only, ...others] = await client.takeAll();
  expect(only).toMatchObject({ type: "error", payload: { code: "invalid_payload", type: "add" } });
  expect(only).not.toHaveProperty("id");
  expect(others).toEqual([]);
});

test("P13: what the server sends is what its schema makes of it", async () => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  client.send({ type: "greet", payload: { name: "Ana" } });
  expect(await client.next()).toEqual({
    type: "greeting",
    payload: { text: "Hi Ana", at: "1970-01-01T00:00:00.000Z" },
  });
  expect(await client.ask("half", { of: 5 })).toMatchObject({ payload: { half: 2.5 } });
});

test.each([
  ["a message it sends", "greet", { name: "Bartholomew" }],
  ["a reply", "broken", {}],
  ["a reply with an asynchronous schema", "brokenAsync", {}],
])("P13: %s that does not fit is not sent: the client hears `internal`, `onError` why", async (_, type, payload) => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  const answer = await client.ask(type, payload, 5);
  expect(answer).toMatchObject({ type: "error", id: 5, payload: { code: "internal", type } });
  expect(JSON.stringify(answer)).not.toMatch(/schema|fit|big|10/i);
  const { error, at } = await server.errors.next();
  expect(String(error)).toMatch(/does not fit its schema/);
  expect(at).toMatchObject({ during: `message "${type}"`, endpoint: "/ws/shop" });
  expect(await client.ask("add", { a: 1 })).toMatchObject({ type: "reply", payload: 2 });
});

test("P13: an unknown type, a bad payload and an empty message are errors, and the connection is kept", async () => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  expect(await client.ask("subtract", {}, 1)).toMatchObject({
    type: "error",
    id: 1,
    payload: { code: "unknown_type", type: "subtract" },
  });
  expect(await client.ask("add", { a: "two", b: 3 }, 2)).toEqual({
    type: "error",
    id: 2,
    payload: {
      code: "invalid_payload",
      message: expect.any(String),
      type: "add",
      issues: [{ path: ["a"], message: expect.any(String) }],
    },
  });
  expect(await client.ask("slowly", { n: -1 }, 3)).toMatchObject({
    payload: { code: "invalid_payload", issues: [{ path: [], message: "too small" }] },
  });
  client.sendText("");
  expect(await client.next()).toMatchObject({ type: "error", payload: { code: "invalid_json" } });
  expect(await client.ask("add", { a: 1 }, 4)).toEqual({ type: "reply", id: 4, payload: 2 });
  expect(server.errors.unread).toEqual([]);
  expect(server.app.stats()).toMatchObject({ errorsAnswered: 4, handlerErrors: 0 });
});

test("P13: `ping` is answered by `pong`, as a message and as a bare text", async () => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  client.send({ type: "ping" });
  expect(await client.nextText()).toBe('{"type":"pong"}');
  client.send({ type: "ping", id: 7 });
  expect(await client.nextText()).toBe('{"type":"pong","id":7}');
  client.sendText("ping");
  expect(await client.nextText()).toBe("pong");
  client.sendText("pong");
  client.send({ type: "pong" });
  client.send({ type: "pong", id: 3 });
  expect(await client.takeAll()).toEqual([]);
});

test("P13: unknown fields are ignored, and of equal keys the last counts", async () => {
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  client.sendText('{"type":"nothing","id":1,"channel":"x","offset":{},"trace":"nonsense","more":[1]}');
  expect(await client.next()).toEqual({ type: "reply", id: 1, payload: null });
  client.sendText('{"id":2,"type":"subtract","payload":{"a":1,"a":40},"type":"add","id":3}');
  expect(await client.next()).toEqual({ type: "reply", id: 3, payload: 41 });
  client.sendText(' \n\t{"type" : "add", "payload" : {"a":1}, "id" : 4}\r\n');
  expect(await client.next()).toEqual({ type: "reply", id: 4, payload: 2 });
});

test("P13: a middleware sees each valid message, may refuse it, and cannot change the reply", async () => {
  const seen: string[] = [];
  const guarded = endpoint("/ws/guarded", {
    receives: { add: z.object({ a: z.number() }) },
    use: [
      async (_, { type, payload, id }, next) => {
        seen.push(`${type} ${JSON.stringify(payload)} ${id}`);
        await next();
        seen.push("done");
        return "another reply";
      },
      async (_, { payload }, next) => {
        if ((payload as { readonly a: number }).a > 9) throw new TidingsError("too_much", "Ten at most.");
        await next();
      },
    ],
    on: { add: (_, { a }) => a + 1 },
  });
  await using server = await serve({ endpoints: [guarded] });
  const client = await dial(`${server.url}/ws/guarded`);
  expect(await client.ask("add", { a: 1 }, 1)).toEqual({ type: "reply", id: 1, payload: 2 });
  expect(await client.ask("add", { a: 10 }, 2)).toEqual({
    type: "error",
    id: 2,
    payload: { code: "too_much", message: "Ten at most.", type: "add" },
  });
  await client.ask("add", { a: "x" }, 3);
  expect(seen).toEqual(['add {"a":1} 1', "done", 'add {"a":10} 2']);
});
