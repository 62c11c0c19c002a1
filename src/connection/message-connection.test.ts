import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../test/support/gate.js";
import { RecordingLink } from "../../test/support/recording-link.js";
import { RecordingUpgrade } from "../../test/support/recording-upgrade.js";
import { createApp, type TidingsApp } from "../app/app.js";
import type { AppOptions } from "../app/app-options.js";
import type { Duration } from "../base/duration.js";
import { channel } from "../declare/channel.js";
import type { Middleware } from "../declare/context.js";
import type { CredentialWay, TokenCheck } from "../declare/credential.js";
import { credential, dependency } from "../declare/dependency.js";
import { type AnyEndpoint, endpoint } from "../declare/endpoint.js";
import { forbidden, TidingsError, unauthorized } from "../protocol/tidings-error.js";
import { startTestApp } from "../testing/test-app.js";

const chat = channel("chat/:room", { events: { said: z.string() } });
const other = channel("other", { events: {} });
const any = z.object({});

/** A client of `tidings.v1` that is connected, and sees every frame. */
async function connect(shape: AnyEndpoint, options: Partial<AppOptions> = {}) {
  const app = createApp({ endpoints: [shape], ...options }) as TidingsApp; // what createApp makes
  const server = await startTestApp(app);
  const upgrade = new RecordingUpgrade({ target: shape.path, headers: { "sec-websocket-protocol": "tidings.v1" } });
  await app.answer(upgrade);
  const settle = () => server.clock.advance("1ms");
  const say = async (message: object) => {
    upgrade.listener?.text(JSON.stringify(message));
    await settle();
  };
  await say({ type: "connect" });
  return {
    app,
    socket: upgrade.socket,
    listener: upgrade.listener,
    settle,
    say,
    heard: () => upgrade.socket.texts.map((text) => JSON.parse(text)),
    async [Symbol.asyncDispose]() {
      upgrade.listener?.closed(1006, "");
      await server[Symbol.asyncDispose]();
    },
  };
}

const subscribed = (name: string) => ({ type: "subscribed", channel: name, payload: {} });
const said = (name: string, payload: string) => ({ type: "said", channel: name, payload });

test("our client hears `connected`, then of each channel it is joined to, then its events, then that it left", async () => {
  const shape = endpoint("/ws", {
    channels: [chat],
    async open({ app, connection }) {
      app.publish(chat({ room: "a" }), "said", "too early");
      connection.join(chat({ room: "a" }), chat({ room: "b" }));
      app.publish(chat({ room: "a" }), "said", "one");
      await connection.leave(chat({ room: "a" }), chat({ room: "never joined" }));
      app.publish(chat({ room: "a" }), "said", "too late");
      app.publish(chat({ room: "b" }), "said", "two");
    },
  });
  await using client = await connect(shape);
  expect(client.heard()).toEqual([
    { type: "connected", payload: { connection: expect.any(String), heartbeatMs: 30_000 } },
    subscribed("chat/a"),
    subscribed("chat/b"),
    said("chat/a", "one"),
    { type: "unsubscribed", channel: "chat/a", payload: { code: "left" } },
    said("chat/b", "two"),
  ]);
  expect(client.socket.writes).toHaveLength(1);
});

test("a channel that is joined twice, in one call or in two, is joined once", async () => {
  const a = chat({ room: "a" });
  const shape = endpoint("/ws", {
    channels: [chat],
    limits: { channels: 1 },
    async open({ app, connection }) {
      await connection.join(a, chat({ room: "a" }), a);
      await connection.join(a);
      await app.publish(a, "said", "once");
    },
  });
  await using client = await connect(shape);
  expect(client.heard().slice(1)).toEqual([subscribed("chat/a"), said("chat/a", "once")]);
});

test("one channel too many is joined by none of those asked for", async () => {
  const errors: unknown[] = [];
  const shape = endpoint("/ws", {
    channels: [chat],
    limits: { channels: 2 },
    async open({ connection }) {
      await connection.join(chat({ room: "a" }));
      try {
        await connection.join(chat({ room: "b" }), chat({ room: "c" }));
      } catch (error) {
        errors.push(error, [...connection.channels]);
      }
      await connection.join(chat({ room: "a" }), chat({ room: "b" }));
      await connection.leave(chat({ room: "a" }));
      await connection.join(chat({ room: "c" }));
    },
  });
  await using client = await connect(shape);
  expect(errors).toEqual([expect.objectContaining({ code: "too_many_channels" }), ["chat/a"]]);
  expect(client.heard().flatMap(({ type, channel }) => (type === "subscribed" ? [channel] : []))).toEqual([
    "chat/a",
    "chat/b",
    "chat/c",
  ]);
});

test("a channel that the broker did not take is not left as if it were joined", async () => {
  const link = new RecordingLink();
  const fail = link.failLater("subscribe");
  const errors: unknown[] = [];
  const shape = endpoint("/ws", {
    channels: [chat],
    async open({ connection }) {
      const joined = connection.join(chat({ room: "a" }));
      fail(new Error("away"));
      await joined.catch((error: unknown) => errors.push(error));
    },
  });
  await using client = await connect(shape, { broker: { "~is": "broker", connect: async () => link } });
  expect(errors).toEqual([new Error("away")]);
  // Either it hears nothing of the channel, or that it is off again.
  const [last] = client
    .heard()
    .filter(({ channel }) => channel === "chat/a")
    .slice(-1);
  expect(last?.type).not.toBe("subscribed");
});

test("a channel that the endpoint does not list is a ConfigError", async () => {
  const errors: unknown[] = [];
  const shape = endpoint("/ws", {
    channels: [chat],
    async open({ connection }) {
      await Promise.resolve()
        .then(() => connection.join(other() as never))
        .catch((error: unknown) => errors.push(error));
    },
  });
  await using client = await connect(shape);
  expect(errors).toEqual([expect.objectContaining({ name: "ConfigError", code: "channel_not_listed" })]);
  expect(client.heard()).toHaveLength(1);
});

test("middleware stands around the handler, the first outermost, and changes no reply", async () => {
  const log: string[] = [];
  const shape = endpoint("/ws", {
    receives: { say: z.string().toUpperCase(), secret: z.null() },
    use: [
      async (_, { type, payload, id }, next) => {
        log.push(`outer ${type} ${payload} ${id}`);
        await next();
        log.push("outer is over");
        return "ignored";
      },
      (_, { type }, next) => {
        log.push("inner");
        return type === "secret" ? undefined : next();
      },
    ],
    on: {
      say: (_, text) => {
        log.push(text);
        return { text };
      },
      secret: () => "never told",
    },
  });
  await using client = await connect(shape);
  await client.say({ type: "say", payload: "hi", id: 1 });
  await client.say({ type: "secret", payload: null, id: 2 });
  expect(client.heard().slice(1)).toEqual([
    { type: "reply", id: 1, payload: { text: "HI" } },
    { type: "reply", id: 2, payload: null },
  ]);
  expect(log).toEqual([
    "outer say HI 1",
    "inner",
    "HI",
    "outer is over",
    "outer secret null 2",
    "inner",
    "outer is over",
  ]);
});

describe("a middleware that is careless about `next`", () => {
  const careless: readonly (readonly [how: string, middleware: Middleware])[] = [
    [
      "does not await it",
      (_, __, next) => {
        next();
      },
    ],
    [
      "does not await it, and goes on for a while",
      async (_, __, next) => {
        next();
        await new Promise((resolve) => setImmediate(resolve));
      },
    ],
  ];

  test.each(careless)("%s: what the handler gives or throws is answered all the same", async (_, middleware) => {
    const { shape, errors, onError } = withMiddleware(middleware);
    await using client = await connect(shape, { onError });
    await client.say({ type: "say", payload: "no", id: 1 });
    await client.say({ type: "say", payload: "hi", id: 2 });
    expect(client.heard().slice(1)).toEqual([
      { type: "error", id: 1, payload: expect.objectContaining({ code: "forbidden" }) },
      { type: "reply", id: 2, payload: "HI" },
    ]);
    expect(errors).toEqual([]);
  });

  test("calls it twice: the handler runs once, and the mistake is told", async () => {
    const { shape, errors, heard, onError } = withMiddleware(async (_, __, next) => {
      await next();
      await next();
    });
    await using client = await connect(shape, { onError });
    await client.say({ type: "say", payload: "hi", id: 1 });
    expect(client.heard().at(-1)).toMatchObject({ type: "error", id: 1, payload: { code: "internal" } });
    expect([heard, errors]).toEqual([["hi"], [new TypeError("A middleware has called `next` twice.")]]);
  });

  test("throws itself, and has left it alone: both are told", async () => {
    const { shape, errors, onError } = withMiddleware((_, __, next) => {
      next();
      throw new Error("the middleware's own");
    });
    await using client = await connect(shape, { onError });
    await client.say({ type: "say", payload: "no", id: 1 });
    expect(client.heard().at(-1)).toMatchObject({ type: "error", id: 1, payload: { code: "internal" } });
    expect(errors).toEqual([new Error("the middleware's own"), expect.objectContaining({ code: "forbidden" })]);
  });

  test("calls it when it is over: what the handler throws then is told, and ends no process", async () => {
    let call = (): unknown => undefined;
    const { shape, errors, onError } = withMiddleware((_, __, next) => {
      call = next;
    });
    await using client = await connect(shape, { onError });
    await client.say({ type: "say", payload: "no", id: 1 });
    expect(client.heard().at(-1)).toEqual({ type: "reply", id: 1, payload: null });
    call();
    await client.settle();
    expect(errors).toEqual([expect.objectContaining({ code: "forbidden" })]);
  });

  function withMiddleware(middleware: Middleware) {
    const heard: string[] = [];
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const shape = endpoint("/ws", {
      receives: { say: z.string() },
      use: [middleware],
      on: {
        async say(_, text) {
          heard.push(text);
          await Promise.resolve();
          if (text === "no") throw forbidden();
          return text.toUpperCase();
        },
      },
    });
    return { shape, heard, errors, onError };
  }
});

test("answers come in the order of the messages, but for pong", async () => {
  const shape = endpoint("/ws", {
    receives: { slow: z.number(), quick: z.number() },
    replies: { quick: z.string() },
    on: {
      async slow(_, number) {
        await new Promise((resolve) => setImmediate(resolve));
        return number;
      },
      quick: (_, number) => (number === 3 ? (number as never) : "quick"),
    },
  });
  await using client = await connect(shape);
  client.listener?.text('{"type":"slow","payload":1,"id":"a"}');
  client.listener?.text('{"type":"quick","payload":2,"id":"b"}');
  client.listener?.text("{");
  client.listener?.text('{"type":"quick","payload":3,"id":"c"}');
  client.listener?.text('{"type":"nothing","id":"d"}');
  client.listener?.text("ping");
  await client.settle();
  const [, ...texts] = client.socket.texts;
  expect(texts[0]).toBe("pong");
  expect(texts.slice(1).map((text) => JSON.parse(text))).toEqual([
    { type: "reply", id: "a", payload: 1 },
    { type: "reply", id: "b", payload: "quick" },
    { type: "error", payload: { code: "invalid_json", message: expect.any(String) } },
    { type: "error", id: "c", payload: { code: "internal", message: expect.any(String), type: "quick" } },
    { type: "error", id: "d", payload: { code: "unknown_type", message: expect.any(String), type: "nothing" } },
  ]);
});

test("a binary frame closes with 1003", async () => {
  await using client = await connect(endpoint("/ws", {}));
  client.listener?.binary(Uint8Array.of(1));
  expect(client.socket.asked).toEqual(["close 1003 unsupported_data"]);
});

test("it is read no further while as many messages wait as may", async () => {
  const shape = endpoint("/ws", {
    receives: { slow: z.number() },
    limits: { waitingMessages: 2 },
    on: { slow: () => new Promise((resolve) => setImmediate(resolve)) },
  });
  await using client = await connect(shape);
  for (const number of [1, 2]) client.listener?.text(`{"type":"slow","payload":${number}}`);
  expect(client.socket.asked).toEqual([]);
  client.listener?.text('{"type":"slow","payload":3}');
  expect(client.socket.asked).toEqual(["pause"]);
  await client.settle();
  expect(client.socket.asked).toEqual(["pause", "resume"]);
});

/** Tokens such as `ana` or `ana:30`: the user, and in how many seconds it expires. `bad` is none. */
function tokens(...places: CredentialWay["place"][]) {
  const verify = async ({ token, nowMs }: TokenCheck) => {
    const [id = "", seconds] = token.split(":");
    if (id === "bad") throw unauthorized();
    const expiresAtMs = seconds === undefined ? undefined : nowMs + Number(seconds) * 1_000;
    return { user: { id, token }, tokenId: token, expiresAtMs };
  };
  return credential<{ id: string; token: string }>(
    places.map((place) => ({ place, verifier: { check: () => [], verify } })),
  );
}

/** An app to which many clients can connect, each of which sees every frame; time stands still until it is moved. */
async function serve(shape: AnyEndpoint, options: Partial<AppOptions> = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const app = createApp({ endpoints: [shape], onError, ...options }) as TidingsApp; // what createApp makes
  const server = await startTestApp(app);
  const upgrades: RecordingUpgrade[] = [];
  const dial = async (target = shape.path, subprotocol?: string) => {
    const upgrade = new RecordingUpgrade({ target, headers: { "sec-websocket-protocol": subprotocol } });
    upgrades.push(upgrade);
    await app.answer(upgrade);
    await server.clock.advance("0ms");
    const { socket } = upgrade;
    let asked = 0;
    return {
      socket,
      listener: upgrade.listener,
      refusal: upgrade.refusal,
      /** Sends each, and waits for nothing. */
      say: (...messages: (object | string)[]) => {
        for (const each of messages) upgrade.listener?.text(typeof each === "string" ? each : JSON.stringify(each));
      },
      /** What came since it was asked last. */
      heard: async () => {
        await server.clock.advance("0ms");
        const texts = socket.texts.slice(asked);
        asked += texts.length;
        return texts.map((text) => (text === "pong" ? text : JSON.parse(text)));
      },
    };
  };
  return {
    app,
    errors,
    dial,
    advance: (by: Duration) => server.clock.advance(by),
    async [Symbol.asyncDispose]() {
      for (const { listener } of upgrades) listener?.closed(1006, "");
      await server[Symbol.asyncDispose]();
    },
  };
}

const reply = (id: number, payload: unknown = null) => ({ type: "reply", id, payload });
const failed = (code: string, more: { id?: number; type?: string; retryAfterMs?: number } = {}) => {
  const { id, ...payload } = more;
  return { type: "error", ...(id !== undefined && { id }), payload: { code, message: expect.any(String), ...payload } };
};
const ask = (type: string, id: number) => ({ type, payload: {}, id });

test("one message too many is `rate_limited`, with the first millisecond at which it would pass", async () => {
  const handled: number[] = [];
  const shape = endpoint("/ws", {
    receives: { say: z.number() },
    limits: { messages: "2/1s" },
    on: { say: (_, number) => void handled.push(number) },
  });
  await using server = await serve(shape);
  const client = await server.dial();
  const say = (id: number) => client.say({ type: "say", payload: id, id });
  say(1);
  await server.advance("300ms");
  say(2);
  await server.advance("100ms");
  say(3);
  const refused = failed("rate_limited", { id: 3, type: "say", retryAfterMs: 600 });
  expect(await client.heard()).toEqual([reply(1), reply(2), refused]);
  await server.advance("599ms");
  say(4);
  expect(await client.heard()).toEqual([failed("rate_limited", { id: 4, type: "say", retryAfterMs: 1 })]);
  await server.advance("1ms");
  say(5);
  say(6);
  // Those that were refused did not count.
  expect(await client.heard()).toEqual([reply(5), failed("rate_limited", { id: 6, type: "say", retryAfterMs: 300 })]);
  expect(handled).toEqual([1, 2, 5]);
  expect(server.app.stats().rateLimited).toBe(3);
});

test("by default ten messages are handled in a second", async () => {
  await using server = await serve(endpoint("/ws", { receives: { say: any }, on: { say() {} } }));
  const client = await server.dial();
  for (let id = 1; id <= 11; id += 1) client.say(ask("say", id));
  const answers = await client.heard();
  expect(answers.map(({ type }) => type)).toEqual([...Array<string>(10).fill("reply"), "error"]);
  expect(answers[10]).toEqual(failed("rate_limited", { id: 11, type: "say", retryAfterMs: 1_000 }));
});

test("a message is counted when its turn comes, and not when it is read", async () => {
  const { opened, open } = createGate();
  const shape = endpoint("/ws", {
    receives: { slow: any, quick: any },
    limits: { messages: "1/1s" },
    on: { slow: () => opened, quick() {} },
  });
  await using server = await serve(shape);
  const client = await server.dial();
  client.say(ask("slow", 1), ask("quick", 2), ask("quick", 3));
  await server.advance("1s");
  open();
  expect(await client.heard()).toEqual([
    reply(1),
    reply(2),
    failed("rate_limited", { id: 3, type: "quick", retryAfterMs: 1_000 }),
  ]);
});

test("a user's messages are counted over all their connections, and not with another's", async () => {
  const shape = endpoint("/ws", {
    auth: tokens("query"),
    receives: { say: any },
    limits: { messagesPerUser: "2/60s" },
    on: { say() {} },
  });
  await using server = await serve(shape);
  const [phone, laptop] = [await server.dial("/ws?token=ana"), await server.dial("/ws?token=ana")];
  const bob = await server.dial("/ws?token=bob");
  for (const each of [phone, laptop, bob]) each.say(ask("say", 1));
  await server.advance("1s");
  phone.say(ask("say", 2));
  bob.say(ask("say", 2));
  expect(await phone.heard()).toEqual([reply(1), failed("rate_limited", { id: 2, type: "say", retryAfterMs: 59_000 })]);
  expect(await laptop.heard()).toEqual([reply(1)]);
  expect(await bob.heard()).toEqual([reply(1), reply(2)]);
});

test("where the broker can't count, the message is not handled, and its client is told why", async () => {
  const link = new RecordingLink();
  const handled: unknown[] = [];
  const shape = endpoint("/ws", {
    auth: tokens("query"),
    receives: { say: any },
    limits: { messagesPerUser: "2/60s" },
    on: { say: () => void handled.push("say") },
  });
  await using server = await serve(shape, { broker: { "~is": "broker", connect: async () => link } });
  const client = await server.dial("/ws?token=ana");
  const fail = link.failLater("countInWindow");
  client.say(ask("say", 1), ask("say", 2));
  fail(new TidingsError("unavailable"));
  expect(await client.heard()).toEqual([failed("unavailable", { id: 1, type: "say", retryAfterMs: 1_000 }), reply(2)]);
  expect(handled).toEqual(["say"]);
});

test("all else a client says is counted together: past it, it is not answered but with `rate_limited`", async () => {
  const shape = endpoint("/ws", {
    receives: { say: any },
    limits: { control: "6/1s", messages: "1/1s" },
    on: { say() {} },
  });
  await using server = await serve(shape);
  const client = await server.dial();
  client.say("ping", "pong", '{"type":"pong"}', "{", ask("nothing", 1));
  client.listener?.pong();
  expect((await client.heard()).map((each) => each.payload?.code ?? each)).toEqual([
    "pong",
    "invalid_json",
    "unknown_type",
  ]);
  await server.advance("400ms");
  client.say(ask("ping", 2), ask("nothing", 3), "[]", "ping", "pong", { type: "auth", id: 4 }, ask("say", 5));
  client.listener?.ping(Uint8Array.of(1));
  client.listener?.pong();
  const heard = await client.heard();
  const limited = (more: object = {}) => failed("rate_limited", { retryAfterMs: 600, ...more });
  expect(heard).toHaveLength(9);
  expect(heard).toEqual(
    expect.arrayContaining([
      limited({ id: 2 }),
      limited({ id: 3, type: "nothing" }),
      limited(),
      limited({ id: 4, type: "auth" }),
      // The app's own are counted apart.
      reply(5),
    ]),
  );
  await server.advance("600ms");
  client.say("ping");
  expect(await client.heard()).toEqual(["pong"]);
});

test("who goes on after twenty warnings in a minute is closed: the 21st is the close", async () => {
  const shape = endpoint("/ws", { receives: { say: any }, limits: { messages: "1/60s" }, on: { say() {} } });
  await using server = await serve(shape);
  const client = await server.dial();
  for (let id = 1; id <= 21; id += 1) client.say(ask("say", id));
  expect((await client.heard()).map(({ type }) => type)).toEqual(["reply", ...Array<string>(20).fill("error")]);
  expect(client.socket.asked).toEqual([]);
  client.say(ask("say", 22));
  expect(await client.heard()).toEqual([]);
  expect(client.socket.asked).toEqual(["close 1008 rate_limited"]);
  expect(server.app.stats().rateLimited).toBe(21);
});

test("a handler that takes too long is answered with `timeout`; the next message is handled, and what comes late is not told", async () => {
  const gates = [createGate(), createGate(), createGate()];
  const broken = new Error("late and broken");
  const shape = endpoint("/ws", {
    receives: { slow: z.number(), quick: any },
    limits: { handler: "2s" },
    on: {
      async slow(_, index) {
        await gates[index]?.opened;
        if (index === 1) throw broken;
        if (index === 2) throw new TidingsError("sold_out");
        return "late";
      },
      quick: () => "quick",
    },
  });
  await using server = await serve(shape);
  const client = await server.dial();
  for (const index of [0, 1, 2]) {
    client.say({ type: "slow", payload: index, id: 1 }, ask("quick", 2));
    await server.advance("1999ms");
    expect(await client.heard()).toEqual([]);
    await server.advance("1ms");
    expect(await client.heard()).toEqual([failed("timeout", { id: 1, type: "slow" }), reply(2, "quick")]);
  }
  for (const { open } of gates) open();
  expect(await client.heard()).toEqual([]);
  expect(server.errors).toEqual([broken]);
  // One that is in time is answered as ever.
  client.say({ type: "slow", payload: 0, id: 3 });
  expect(await client.heard()).toEqual([reply(3, "late")]);
  await server.advance("5s");
  expect(await client.heard()).toEqual([]);
});

test("before the credential by message only `auth`, `ping` and `pong` are taken; what follows it waits", async () => {
  const log: string[] = [];
  const { opened, open } = createGate();
  const shape = endpoint("/ws", {
    auth: tokens("message"),
    needs: { slow: dependency({ create: () => opened }) },
    receives: { say: z.string() },
    open: ({ user }) => void log.push(`open ${user.id}`),
    on: { say: (_, text) => void log.push(text) },
  });
  await using server = await serve(shape);
  const client = await server.dial();
  client.say({ type: "say", payload: "forgotten", id: 1 }, "{", "ping", "pong", { type: "auth", payload: {}, id: 2 });
  expect(await client.heard()).toEqual([
    failed("unauthorized", { id: 1, type: "say" }),
    failed("unauthorized"),
    "pong",
    expect.objectContaining({ type: "error", id: 2, payload: expect.objectContaining({ code: "invalid_payload" }) }),
  ]);
  client.say({ type: "auth", payload: { token: "ana:60" }, id: 3 }, { type: "say", payload: "kept", id: 4 });
  expect(await client.heard()).toEqual([]);
  open();
  const told = { user: { id: "ana" }, expiresInMs: 60_000 };
  expect(await client.heard()).toEqual([{ type: "auth_success", id: 3, payload: told }, reply(4)]);
  expect(log).toEqual(["open ana", "kept"]);
});

test("a bad credential by message closes, and so does none in time, whatever else is said", async () => {
  const shape = endpoint("/ws", { auth: tokens("message"), limits: {}, closeCodes: { unauthorized: 4001 } });
  await using server = await serve(shape, { limits: { auth: "3s" } });
  const [bad, silent, empty] = [await server.dial(), await server.dial(), await server.dial()];
  bad.say({ type: "auth", payload: { token: "bad" } });
  await server.advance("2s");
  silent.say("ping");
  empty.say({ type: "auth" });
  await server.advance("999ms");
  expect([bad, silent, empty].map(({ socket }) => socket.asked)).toEqual([["close 4001 unauthorized"], [], []]);
  await server.advance("1ms");
  for (const { socket } of [silent, empty]) expect(socket.asked).toEqual(["close 1008 auth_timeout"]);
  expect(server.app.stats()).toMatchObject({ connections: 0, users: 0 });
});

test("our client says its token in `connect`: without one it is closed, with one it is told who it is", async () => {
  await using server = await serve(endpoint("/ws", { auth: tokens("message") }));
  const [without, ours] = [await server.dial("/ws", "tidings.v1"), await server.dial("/ws", "tidings.v1")];
  without.say({ type: "connect" });
  ours.say({ type: "connect", payload: { token: "ana:60" } });
  expect(await without.heard()).toEqual([]);
  expect(without.socket.asked).toEqual(["close 1008 unauthorized"]);
  expect(await ours.heard()).toMatchObject([
    { type: "connected", payload: { user: { id: "ana" }, expiresInMs: 60_000 } },
  ]);
  // It has had its say: no deadline is left.
  await server.advance("20s");
  expect(ours.socket.asked).toEqual([]);
});

test("after a refresh what begins later has the new context; who runs keeps the old, until it is done", async () => {
  const log: string[] = [];
  const { opened, open } = createGate();
  const user = tokens("query");
  const account = dependency({
    needs: { user },
    create: (given) => given.user.token,
    dispose: (token) => log.push(`dispose ${token}`),
  });
  const shape = endpoint("/ws", {
    auth: user,
    needs: { account },
    receives: { slow: any, quick: any },
    on: {
      async slow(ctx) {
        await opened;
        log.push(`slow ends with ${ctx.account}`);
        return ctx.user.token;
      },
      quick: (ctx) => `${ctx.user.token} ${ctx.account} ${ctx.connection.user.token}`,
    },
  });
  await using server = await serve(shape);
  const client = await server.dial("/ws?token=ana:60");
  client.say(ask("slow", 1), ask("quick", 2), { type: "auth", payload: { token: "ana:90" }, id: 3 });
  const refreshed = { type: "auth_success", id: 3, payload: { user: { id: "ana" }, expiresInMs: 90_000 } };
  expect(await client.heard()).toEqual([refreshed]);
  expect(log).toEqual([]);
  open();
  expect(await client.heard()).toEqual([reply(1, "ana:60"), reply(2, "ana:90 ana:90 ana:90")]);
  expect(log).toEqual(["slow ends with ana:60", "dispose ana:60"]);
  client.listener?.closed(1006, "");
  await server.advance("1ms");
  expect(log.slice(2)).toEqual(["dispose ana:90"]);
});

test("a refresh that fails is an error, and the old credential stays: of another user, bad, or none", async () => {
  const shape = endpoint("/ws", {
    auth: tokens("query"),
    receives: { who: any },
    on: { who: ({ user }) => user.token },
  });
  await using server = await serve(shape);
  const client = await server.dial("/ws?token=ana:60");
  const auth = (id: number, token?: string) => ({ type: "auth", payload: { token }, id });
  client.say(auth(1, "bob:90"), auth(2, "bad"), auth(3, "x".repeat(8_193)), auth(4));
  expect(await client.heard()).toEqual([
    // What can be no token is answered at once.
    expect.objectContaining({ id: 3, payload: expect.objectContaining({ code: "invalid_payload" }) }),
    expect.objectContaining({ id: 4, payload: expect.objectContaining({ code: "invalid_payload" }) }),
    failed("forbidden", { id: 1, type: "auth" }),
    failed("unauthorized", { id: 2, type: "auth" }),
  ]);
  client.say(ask("who", 5));
  expect(await client.heard()).toEqual([reply(5, "ana:60")]);
  expect(server.errors).toEqual([]);
});

test("several refreshes are taken one after the other, and the last counts", async () => {
  const shape = endpoint("/ws", {
    auth: tokens("query"),
    receives: { who: any },
    on: { who: ({ user }) => user.token },
  });
  await using server = await serve(shape);
  const client = await server.dial("/ws?token=ana:60");
  for (const seconds of [70, 80, 90]) client.say({ type: "auth", payload: { token: `ana:${seconds}` }, id: seconds });
  expect((await client.heard()).map(({ id, payload }) => [id, payload.expiresInMs])).toEqual([
    [70, 70_000],
    [80, 80_000],
    [90, 90_000],
  ]);
  client.say(ask("who", 1));
  expect(await client.heard()).toEqual([reply(1, "ana:90")]);
});

test("where there is no credential, `auth` is `unknown_type`", async () => {
  await using server = await serve(endpoint("/ws", {}));
  const client = await server.dial();
  client.say({ type: "auth", payload: { token: "ana" }, id: 1 });
  expect(await client.heard()).toEqual([failed("unknown_type", { id: 1, type: "auth" })]);
});
