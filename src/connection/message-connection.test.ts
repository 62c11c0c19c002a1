import { expect, test } from "vitest";
import { z } from "zod";
import { RecordingLink } from "../../test/support/recording-link.js";
import { RecordingUpgrade } from "../../test/support/recording-upgrade.js";
import { type AppOptions, createApp, type TidingsApp } from "../app/app.js";
import { channel } from "../declare/channel.js";
import { type AnyEndpoint, endpoint } from "../declare/endpoint.js";
import { startTestApp } from "../testing/test-app.js";

const chat = channel("chat/:room", { events: { said: z.string() } });
const other = channel("other", { events: {} });

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
