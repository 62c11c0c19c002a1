import { expect, test } from "vitest";
import { z } from "zod";
import { FarBroker } from "../../test/support/far-broker.js";
import { createGate } from "../../test/support/gate.js";
import { dialInMemory } from "../../test/support/memory-client.js";
import type { WsClient } from "../../test/support/ws-client.js";
import { createApp } from "../app/app.js";
import type { AppOptions } from "../app/app-options.js";
import { channel } from "../declare/channel.js";
import { endpoint } from "../declare/endpoint.js";
import { startTestApp } from "../testing/test-app.js";

const events = { said: z.string() };
const allow = { subscribe: true, publish: true } as const;
const chat = channel("chat/:room", { events, allow });
const stranger = channel("stranger", { events });
const [a, b, c] = [chat({ room: "a" }), chat({ room: "b" }), chat({ room: "c" })];

/** A plain client, and its connection at the server's end. */
async function connect(options: Partial<AppOptions> = {}, channels = [chat]) {
  let join = (..._refs: readonly unknown[]): Promise<void> => Promise.resolve();
  let leave = join;
  const shape = endpoint("/ws", {
    channels,
    limits: { channels: 2 },
    open({ connection }) {
      // Of channels that it does not list too: what is thrown then is to be seen.
      join = (...refs) => connection.join(...(refs as (typeof a)[]));
      leave = (...refs) => connection.leave(...(refs as (typeof a)[]));
    },
  });
  const app = createApp({ endpoints: [shape], ...options });
  const server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  await client.takeAll();
  return {
    app,
    server,
    client,
    join: (...refs: readonly unknown[]) => join(...refs),
    leave: (...refs: readonly unknown[]) => leave(...refs),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const subscribe = (client: WsClient, name: string) => client.ask("subscribe", { channel: name });

test("a join of several is one: past the limit it is on none of them", async () => {
  await using on = await connect();
  expect(() => on.join(a, b, c)).toThrow(expect.objectContaining({ code: "too_many_channels" }));
  expect(on.app.stats().channels).toBe(0);
  await on.join(a, b, a, b);
  expect(on.app.stats().channels).toBe(2);
  expect(() => on.join(c)).toThrow(expect.objectContaining({ code: "too_many_channels" }));
  await on.join(a, b);
});

test("a channel that the endpoint does not list is a mistake of the app's, and nothing is joined", async () => {
  await using on = await connect();
  expect(() => on.join(a, stranger())).toThrow(expect.objectContaining({ code: "channel_not_listed" }));
  expect(on.app.stats().channels).toBe(0);
});

test("to leave what it is not on is nothing", async () => {
  await using on = await connect();
  await on.leave(a, stranger());
  expect(await on.client.takeAll()).toEqual([]);
});

test("who was closed is joined to nothing", async () => {
  await using on = await connect();
  on.client.terminate();
  await on.client.closed;
  await on.server.clock.advance("1ms");
  await on.join(a);
  expect(on.app.stats().channels).toBe(0);
});

test("who is closed in the midst of a join, since it takes no more of what it is told, is on none of the rest", async () => {
  const many = channel("many/:name", { events, presence: true, history: { size: 1, ttl: "1h" } });
  const refs = Array.from({ length: 60 }, (_, index) => many({ name: `${index}`.padStart(120, "-") }));
  const hall = endpoint("/ws", {
    channels: [many],
    receives: { enter: z.null() },
    on: { enter: ({ connection }) => connection.join(...refs) },
  });
  const app = createApp({ endpoints: [hall], limits: { outbox: "4kb" } });
  await using server = await startTestApp(app);
  const client = await server.connect<typeof hall>("/ws");
  client.stopReading();
  client.send("enter", null);
  await server.clock.advance("2m");
  expect(app.stats()).toMatchObject({ slowConsumers: 1, connections: 0, channels: 0 });
  expect((await Promise.all(refs.map((ref) => app.presence(ref)))).flat()).toEqual([]);
});

test("where the first of several joins fails, the others are made and the failure is told", async () => {
  const broker = new FarBroker();
  await using on = await connect({ broker });
  broker.reach = (what, about) =>
    what === "subscribe" && about === "chat/a" ? Promise.reject(new Error("away")) : Promise.resolve();
  await expect(on.join(a, b)).rejects.toThrow("away");
  expect(on.app.stats().channels).toBe(1);
  await on.app.publish(b, "said", "hi");
  expect(await on.client.next()).toMatchObject({ type: "said", channel: "chat/b" });
});

test("what could not be joined can be subscribed to when the broker is back", async () => {
  const broker = new FarBroker();
  await using on = await connect({ broker });
  const { reach } = broker;
  broker.reach = () => Promise.reject(new Error("away"));
  expect(await subscribe(on.client, "chat/a")).toMatchObject({ type: "error", payload: { code: "internal" } });
  expect(on.app.stats().channels).toBe(0);
  broker.reach = reach;
  expect(await subscribe(on.client, "chat/a")).toMatchObject({ type: "subscribed" });
});

test("a permission that the server's join overtook finds it there already", async () => {
  const gate = createGate();
  const slow = channel("chat/:room", { events, allow: { subscribe: () => gate.opened.then(() => true) } });
  await using on = await connect({}, [slow]);
  on.client.send({ type: "subscribe", payload: { channel: "chat/a" }, id: 1 });
  await on.client.takeAll();
  await on.join(slow({ room: "a" }));
  gate.open();
  expect(await on.client.next()).toMatchObject({ id: 1, payload: { code: "already_subscribed" } });
  await on.app.publish(slow({ room: "a" }), "said", "once");
  expect(await on.client.takeAll()).toHaveLength(1);
});

test("a name of 255 bytes is a channel's, and one of 256 is none, however few its characters are", async () => {
  const deep = channel("deep/:x/:y", { events, allow });
  await using on = await connect({}, [deep as never]);
  const first = "é".repeat(62);
  expect(await subscribe(on.client, `deep/${first}/${"é".repeat(62)}x`)).toMatchObject({ type: "subscribed" });
  expect(await subscribe(on.client, `deep/${first}/${"é".repeat(63)}`)).toMatchObject({
    payload: { code: "not_found" },
  });
});

test("`unsubscribed` is said past the outbox's limit too", async () => {
  const loose = channel("chat/:room", { events, allow, overflow: "drop-newest" });
  await using on = await connect({ limits: { outbox: "1kb" } }, [loose]);
  await subscribe(on.client, "chat/a");
  on.client.stopReading();
  for (let n = 0; n < 20; n += 1) {
    await on.app.publish(loose({ room: "a" }), "said", "x".repeat(200));
    await on.server.clock.advance("0ms");
  }
  on.client.send({ type: "unsubscribe", payload: { channel: "chat/a" }, id: "u" });
  await on.server.clock.advance("0ms");
  on.client.startReading();
  const heard = await on.client.takeUntil("u");
  expect(heard.at(-1)?.type).toBe("gap");
  expect(on.app.stats()).toMatchObject({ connections: 1, slowConsumers: 0 });
});
