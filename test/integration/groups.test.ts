import { channel, endpoint, group, type Middleware, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { connect } from "tidings/client";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const user = jwt({ secret });
const token = signToken({ sub: "ana", exp: inSeconds(60) });

test("endpoints of a group are at its prefix, and nowhere else", async () => {
  const echo = rawEndpoint("/echo", { text: ({ connection }, text) => void connection.send(text) });
  await using server = await serve({ endpoints: group("/v1", {}, [echo]) });
  const client = await dial(`${server.url}/v1/echo`);
  client.sendText("hello");
  expect(await client.nextText()).toBe("hello");
  expect(await dialRefused(`${server.url}/echo`)).toMatchObject({ status: 404 });
});

test("who shows no token is refused by the group's `auth`, at messages and at frames", async () => {
  const open = endpoint("/open", { receives: { who: z.object({}) }, on: { who: (ctx) => ctx.user ?? "nobody" } });
  const raw = rawEndpoint("/raw", { text: ({ connection }, text) => void connection.send(text) });
  await using server = await serve({ endpoints: group("/v1", { auth: user }, [open, raw]) });
  for (const path of ["/v1/open", "/v1/raw"]) {
    expect(await dialRefused(`${server.url}${path}`)).toMatchObject({ status: 401 });
    await dial(`${server.url}${path}`, { token });
  }
});

test("channels and handlers see whom the group let in", async () => {
  const chat = channel("chat/:room", {
    events: { said: z.object({}) },
    needs: { user },
    allow: { subscribe: (given) => given.user.id === "ana" },
  });
  const room = endpoint("/rooms/:room", {
    channels: [chat],
    receives: { who: z.object({}) },
    on: { who: ({ connection, params }) => ({ user: connection.user, params }) },
  });
  await using server = await serve({ endpoints: group("/tenants/:tenant", { auth: user }, [room]) });
  const client = await dial(`${server.url}/tenants/acme/rooms/lobby`, { token });
  expect(await client.ask("subscribe", { channel: "chat/lobby" })).toMatchObject({ type: "subscribed" });
  expect(await client.ask("who", {})).toMatchObject({
    payload: { user: { id: "ana" }, params: { tenant: "acme", room: "lobby" } },
  });
});

test("a message passes the app's `use`, then each group's from outside to inside, then the endpoint's", async () => {
  const passed: string[] = [];
  const through =
    (name: string): Middleware =>
    (_ctx, _message, next) => {
      passed.push(name);
      return next();
    };
  const lobby = endpoint("/lobby", {
    use: [through("endpoint")],
    receives: { say: z.object({}) },
    on: { say: () => passed.push("handler") },
  });
  const inner = group("/inner", { use: [through("inner")] }, [lobby]);
  await using server = await serve({
    endpoints: group("/outer", { use: [through("outer")] }, inner),
    use: [through("app")],
  });
  const client = await dial(`${server.url}/outer/inner/lobby`);
  await client.ask("say", {});
  expect(passed).toEqual(["app", "outer", "inner", "endpoint", "handler"]);
});

test("an endpoint's limits come before its group's, and these before the app's", async () => {
  const say = { receives: { say: z.object({}) }, on: { say() {} } };
  const strict = endpoint("/strict", { ...say, limits: { messages: "1/60s" } });
  await using server = await serve({
    endpoints: group("/v1", { limits: { messages: "2/60s" } }, [strict, endpoint("/lax", say)]),
    limits: { messages: "3/60s" },
  });
  const answers = async (path: string) => {
    const client = await dial(`${server.url}${path}`);
    const types: string[] = [];
    for (const id of [1, 2, 3]) types.push((await client.ask("say", {}, id)).type);
    return types;
  };
  expect(await answers("/v1/strict")).toEqual(["reply", "error", "error"]);
  expect(await answers("/v1/lax")).toEqual(["reply", "reply", "error"]);
});

test("the typed client dials an endpoint of a group by its new path", async () => {
  const add = endpoint("/calc", { receives: { add: z.object({ a: z.number() }) }, on: { add: (_, { a }) => a + 1 } });
  const [calc] = group("/v1", { auth: user }, [add]);
  await using server = await serve({ endpoints: [calc] });
  using client = connect<typeof calc>(`${server.url.replace("http", "ws")}/v1/calc`, { token });
  expect(await client.request("add", { a: 1 })).toBe(2);
});

test("an endpoint that is listed beside the group that guards it is warned of: there nobody is asked who they are", async () => {
  const lobby = endpoint("/lobby", {});
  await using server = await serve({ endpoints: [lobby, ...group("/v1", { auth: user }, [lobby])] });
  expect(await server.log.next("warning")).toMatchObject({
    level: "warn",
    fields: { code: "unguarded_endpoint", message: expect.stringContaining("/lobby") },
  });
});

test("two endpoints of a group that can match one path are told with their prefix", async () => {
  const endpoints = group("/v1", {}, [endpoint("/:any", {}), endpoint("/lobby", {})]);
  await expect(serve({ endpoints })).rejects.toMatchObject({
    code: "ambiguous_path",
    message: expect.stringContaining("/v1/lobby"),
  });
});
