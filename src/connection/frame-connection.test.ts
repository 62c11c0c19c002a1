import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { RecordingUpgrade } from "../../test/support/recording-upgrade.js";
import { createApp, type TidingsApp } from "../app/app.js";
import type { AppOptions } from "../app/app-options.js";
import { credential } from "../declare/dependency.js";
import { type AnyEndpoint, rawEndpoint } from "../declare/endpoint.js";
import type { Identity } from "../declare/identity.js";
import { forbidden } from "../protocol/tidings-error.js";
import { startTestApp } from "../testing/test-app.js";
import type { SocketListener } from "../transport/transport.js";

/** Those who connect, and what was written to their sockets. */
async function serve(shape: AnyEndpoint, options: Partial<AppOptions> = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const app = createApp({ endpoints: [shape], onError, ...options }) as TidingsApp; // what createApp makes
  const server = await startTestApp(app);
  const upgrades: RecordingUpgrade[] = [];
  return {
    app,
    errors,
    clock: server.clock,
    dial: async (target = shape.path) => {
      const upgrade = new RecordingUpgrade({ target });
      upgrades.push(upgrade);
      await app.answer(upgrade);
      await server.clock.advance("0ms");
      return { socket: upgrade.socket, listener: upgrade.listener as SocketListener };
    },
    async [Symbol.asyncDispose]() {
      for (const { listener } of upgrades) listener?.closed(1006, "");
      await server[Symbol.asyncDispose]();
    },
  };
}

test("one frame too many closes with `rate_limited`, as there is no answer to warn with", async () => {
  const handled: string[] = [];
  const shape = rawEndpoint("/ws", { limits: { messages: "2/1s" }, text: (_, text) => void handled.push(text) });
  await using server = await serve(shape);
  const { socket, listener } = await server.dial();
  for (const text of ["1", "2"]) listener.text(text);
  await server.clock.advance("1s");
  for (const text of ["3", "4"]) listener.text(text);
  expect(socket.asked).toEqual([]);
  listener.binary(Uint8Array.of(5));
  listener.text("6");
  expect(socket.asked).toEqual(["close 1008 rate_limited"]);
  expect(handled).toEqual(["1", "2", "3", "4"]);
  expect(server.app.stats().rateLimited).toBe(1);
});

test("one control frame too many closes too, and is not answered", async () => {
  const shape = rawEndpoint("/ws", { limits: { control: "2/1s" } });
  await using server = await serve(shape);
  const [pinging, ponging, talking] = [await server.dial(), await server.dial(), await server.dial()];
  for (let count = 1; count <= 3; count += 1) {
    pinging.listener.ping(Uint8Array.of(count));
    ponging.listener.pong();
    // What the app is to handle is counted apart, a text that looks like a ping too.
    talking.listener.text("ping");
  }
  await server.clock.advance("0ms");
  expect([pinging, ponging, talking].map(({ socket }) => socket.asked)).toEqual([
    ["close 1008 rate_limited"],
    ["close 1008 rate_limited"],
    [],
  ]);
  expect([...pinging.socket.bytes]).toEqual([0x8a, 1, 1, 0x8a, 1, 2]);
});

test("a frame is counted when its turn comes, and a user's frames over all their connections", async () => {
  const { opened, open } = createGate();
  const verify = async ({ token }: { readonly token: string }) => ({ user: { id: token } });
  const handled: string[] = [];
  const shape = rawEndpoint("/ws", {
    auth: credential<Identity>([{ place: "query", verifier: { check: () => [], verify } }]),
    limits: { messages: "1/1s", messagesPerUser: "3/60s" },
    async text({ user }, text) {
      if (text === "slow") await opened;
      handled.push(`${user.id} ${text}`);
    },
  });
  await using server = await serve(shape);
  const [phone, laptop] = [await server.dial("/ws?token=ana"), await server.dial("/ws?token=ana")];
  const bob = await server.dial("/ws?token=bob");
  for (const text of ["slow", "quick"]) phone.listener.text(text);
  await server.clock.advance("1s");
  open();
  laptop.listener.text("third");
  bob.listener.text("first");
  await server.clock.advance("1s");
  expect([...handled].sort()).toEqual(["ana quick", "ana slow", "ana third", "bob first"]);
  laptop.listener.text("fourth");
  bob.listener.text("second");
  await server.clock.advance("0ms");
  expect([phone, laptop, bob].map(({ socket }) => socket.asked)).toEqual([[], ["close 1008 rate_limited"], []]);
  expect(handled).toHaveLength(5);
});

test("a handler that takes too long closes, and one that is done in time does not", async () => {
  const { opened, open } = createGate();
  const shape = rawEndpoint("/ws", {
    limits: { handler: "2s" },
    text: (_, text) => (text === "slow" ? new Promise<never>(() => {}) : opened),
  });
  await using server = await serve(shape);
  const [slow, quick] = [await server.dial(), await server.dial()];
  slow.listener.text("slow");
  quick.listener.text("quick");
  await server.clock.advance("1999ms");
  open();
  await server.clock.advance("0ms");
  expect(slow.socket.asked).toEqual([]);
  await server.clock.advance("1ms");
  expect(slow.socket.asked).toEqual(["close 1013 timeout"]);
  await server.clock.advance("5s");
  expect(quick.socket.asked).toEqual([]);
});

test("what a handler throws closes: what the app means for the client by its own row, anything else as `internal`", async () => {
  const broken = new Error("broken");
  const shape = rawEndpoint("/ws", {
    closeCodes: { forbidden: 4003 },
    async text(_, text) {
      throw text === "forbidden" ? forbidden() : broken;
    },
    binary() {
      throw broken;
    },
  });
  await using server = await serve(shape);
  const clients = [await server.dial(), await server.dial(), await server.dial()];
  clients[0]?.listener.text("forbidden");
  clients[1]?.listener.text("broken");
  clients[2]?.listener.binary(Uint8Array.of(1));
  await server.clock.advance("0ms");
  expect(clients.map(({ socket }) => socket.asked)).toEqual([
    ["close 4003 forbidden"],
    ["close 1011 internal"],
    ["close 1011 internal"],
  ]);
  expect(server.errors).toEqual([broken, broken]);
});

test("frames wait for the loop, and past the limits its socket is read no further", async () => {
  const { opened, open } = createGate();
  const heard: unknown[] = [];
  const shape = rawEndpoint("/ws", {
    limits: { waitingMessages: 2 },
    async run({ connection }) {
      for await (const frame of connection.frames()) {
        await opened;
        heard.push(frame);
        if (frame === "bye") return;
      }
    },
  });
  await using server = await serve(shape);
  const { socket, listener } = await server.dial();
  for (const text of ["1", "2", "3", "bye"]) listener.text(text);
  await server.clock.advance("0ms");
  expect(socket.asked).toEqual(["pause"]);
  expect(server.app.stats().waitingBytes).toBeGreaterThan(0);
  open();
  await server.clock.advance("0ms");
  expect(heard).toEqual(["1", "2", "3", "bye"]);
  // Its end is the connection's.
  expect(socket.asked).toEqual(["pause", "resume", "close 1000"]);
});
