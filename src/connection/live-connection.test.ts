import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../test/support/gate.js";
import { RecordingLink } from "../../test/support/recording-link.js";
import { RecordingUpgrade } from "../../test/support/recording-upgrade.js";
import { createApp, type TidingsApp } from "../app/app.js";
import type { AppOptions } from "../app/app-options.js";
import { channel } from "../declare/channel.js";
import { credential, dependency } from "../declare/dependency.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import type { Identity } from "../declare/identity.js";
import { startTestApp } from "../testing/test-app.js";
import type { SocketListener } from "../transport/transport.js";

const any = z.object({});
const news = channel("news", { events: { item: z.string() } });

const start = (shape: AnyEndpoint) => startTestApp(createApp({ endpoints: [shape] }));

test("`close` runs when the handler that closed the connection is done", async () => {
  const log: string[] = [];
  const { open, opened } = createGate();
  const shape = endpoint("/ws", {
    receives: { bye: any },
    on: {
      async bye({ connection }) {
        connection.close(4000);
        await opened;
        log.push("handler is done");
      },
    },
    close() {
      log.push("close");
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  expect(await ana.closed).toMatchObject({ code: 4000 });
  await server.clock.advance("1s");
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["handler is done", "close"]);
});

test("`close` runs when a synchronous handler that closed the connection has returned", async () => {
  const log: string[] = [];
  const shape = rawEndpoint("/ws", {
    text({ connection }) {
      connection.close(4000);
      log.push("handler is done");
    },
    close() {
      log.push("close");
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  await ana.closed;
  await server.clock.advance("1ms");
  expect(log).toEqual(["handler is done", "close"]);
});

test.each(["the peer", "a lost network"])(
  "`close` waits for the running handler when %s ends it, and for no longer than it may",
  async (who) => {
    const log: string[] = [];
    const shape = endpoint("/ws", {
      receives: { work: any },
      on: {
        async work({ connection }) {
          log.push("begun");
          await new Promise<void>((resolve) => connection.signal.addEventListener("abort", () => resolve()));
          log.push("aborted");
          await new Promise(() => {});
        },
      },
      close(_, { code }) {
        log.push(`close ${code}`);
      },
    });
    await using server = await start(shape);
    const ana = await server.connect<typeof shape>("/ws");
    ana.send("work");
    await ana.ping();
    if (who === "the peer") ana.close(4000);
    else ana.vanish();
    await server.clock.advance("4s");
    expect(log).toEqual(["begun", "aborted"]);
    expect(server.app.stats().connectionsClosed).toBe(0);
    await server.clock.advance("2s");
    expect(log).toEqual(["begun", "aborted", who === "the peer" ? "close 4000" : "close 1006"]);
    expect(server.app.stats().connectionsClosed).toBe(1);
  },
);

test("`close` runs once, after the connection left its channels, and for every `open` that began", async () => {
  const log: string[] = [];
  const { open, opened } = createGate();
  const shape = endpoint("/ws", {
    channels: [news],
    async open({ connection }) {
      log.push("open");
      await connection.join(news());
      await opened;
      log.push("open is done");
    },
    close({ connection }, { code }) {
      log.push(`close ${code} on ${connection.channels.size} channels`);
      connection.close(4001);
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws", { as: "plain" });
  await server.clock.advance("1ms");
  ana.close(4000);
  await server.clock.advance("1ms");
  expect(log).toEqual(["open"]);
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["open", "open is done", "close 4000 on 0 channels"]);
  expect(server.app.stats()).toMatchObject({ connections: 0, channels: 0, connectionsOpened: 1, connectionsClosed: 1 });
});

test("no `close` for a connection whose `open` did not begin", async () => {
  const log: string[] = [];
  const shape = endpoint("/ws", { open: () => log.push("open"), close: () => log.push("close") });
  const app = createApp({ endpoints: [shape] }) as TidingsApp; // what createApp makes
  await using server = await startTestApp(app);
  const upgrade = new RecordingUpgrade({ target: "/ws", headers: { "sec-websocket-protocol": "tidings.v1" } });
  await app.answer(upgrade);
  upgrade.listener?.closed(1006, "");
  await server.clock.advance("1s");
  expect(log).toEqual([]);
  expect(app.stats()).toMatchObject({ connections: 0, connectionsOpened: 1, connectionsClosed: 1 });
});

test("a client of tidings.v1 that does not greet in time is closed, and one that says something else first", async () => {
  const app = createApp({ endpoints: [endpoint("/ws", {})], limits: { auth: "3s" } }) as TidingsApp; // what createApp makes
  await using server = await startTestApp(app);
  const dial = async () => {
    const upgrade = new RecordingUpgrade({ target: "/ws", headers: { "sec-websocket-protocol": "tidings.v1" } });
    await app.answer(upgrade);
    return upgrade;
  };
  const [silent, rude] = [await dial(), await dial()];
  rude.listener?.text('{"type":"ping"}');
  await server.clock.advance("2999ms");
  expect([silent, rude].map(({ socket }) => socket.asked)).toEqual([[], ["close 1002 protocol_error"]]);
  await server.clock.advance("1ms");
  expect(silent.socket.asked).toEqual(["close 1008 auth_timeout"]);
  for (const { listener } of [silent, rude]) listener?.closed(1006, "");
});

test("what a peer said before it closed is handled, in order, and `close` comes after it", async () => {
  const log: string[] = [];
  const { open, opened } = createGate();
  const shape = endpoint("/ws", {
    receives: { say: z.number() },
    on: {
      async say(_, number) {
        if (number === 1) await opened;
        log.push(`say ${number}`);
      },
    },
    close(_, { code }) {
      log.push(`close ${code}`);
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  for (const number of [1, 2, 3]) ana.send("say", number);
  ana.close(4000);
  await ana.closed;
  await server.clock.advance("1s");
  expect(log).toEqual([]);
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["say 1", "say 2", "say 3", "close 4000"]);
});

test("what is queued goes out before the close frame, and nothing is sent after", async () => {
  const sent: boolean[] = [];
  const shape = endpoint("/ws", {
    receives: { bye: any },
    sends: { last: z.string() },
    channels: [news],
    async open({ connection }) {
      await connection.join(news());
    },
    on: {
      bye({ app, connection }) {
        app.publish(news(), "item", "published before");
        sent.push(connection.send("last", "words"));
        connection.close(4000, "done");
        sent.push(connection.send("last", "too late"));
        app.publish(news(), "item", "published after");
      },
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  expect(await ana.closed).toEqual({ code: 4000, reason: "done" });
  expect(sent).toEqual([true, false]);
  expect(ana.unread.map(({ payload }) => payload)).toEqual(["published before", "words"]);
});

test("a raw connection that has closed sends nothing, and says so", async () => {
  const sent: boolean[] = [];
  const shape = rawEndpoint("/ws", {
    text({ connection }) {
      sent.push(connection.send("last words"));
      connection.close(4000);
      sent.push(connection.send("too late"), connection.send(Uint8Array.of(1)));
    },
    close({ connection }) {
      sent.push(connection.send("much too late"));
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  await ana.closed;
  await server.clock.advance("1ms");
  expect(sent).toEqual([true, false, false, false]);
  expect(ana.unread).toEqual(["last words"]);
});

test("a code that a server may not send is a RangeError, and closes nothing", async () => {
  const thrown: unknown[] = [];
  const shape = endpoint("/ws", {
    open({ connection }) {
      for (const code of [0, 999, 1004, 1005, 1006, 1010, 1015, 2999, 5000, 4000.5, Number.NaN]) {
        try {
          connection.close(code);
        } catch (error) {
          thrown.push(error);
        }
      }
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  await ana.ping();
  expect(thrown).toHaveLength(11);
  for (const error of thrown) expect(error).toBeInstanceOf(RangeError);
});

/** Tokens such as `ana:5`: the user, and in how many seconds it expires. */
const timed = credential<Identity>([
  {
    place: "query",
    verifier: {
      check: () => [],
      async verify({ token, nowMs }) {
        const [id = "", seconds] = token.split(":");
        return { user: { id }, tokenId: token, expiresAtMs: nowMs + Number(seconds) * 1_000 };
      },
    },
  },
]);

/** Those who connect, and what was written to their sockets. */
async function serve(shape: AnyEndpoint, options: Partial<AppOptions> = {}) {
  const app = createApp({ endpoints: [shape], ...options }) as TidingsApp; // what createApp makes
  const server = await startTestApp(app);
  const upgrades: RecordingUpgrade[] = [];
  return {
    app,
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

test.each([
  ["by default 25 s after it expired", {}, "25999ms", "close 1008 token_expired"],
  ["after the grace that the app gives", { limits: { expiryGrace: "3s" } }, "3999ms", "close 1008 token_expired"],
] as const)("a credential that expires closes: %s", async (_, options, before, close) => {
  const shape = endpoint("/ws", { auth: timed });
  await using server = await serve(shape, { ...options, heartbeat: { every: "10m" } });
  const { socket } = await server.dial("/ws?token=ana:1");
  await server.clock.advance(before);
  expect(socket.asked).toEqual([]);
  await server.clock.advance("1ms");
  expect(socket.asked).toEqual([close]);
});

test("while so much waits that the socket is read no further a credential expires all the same", async () => {
  const hang = () => new Promise<never>(() => {});
  const shape = endpoint("/ws", { auth: timed, receives: { work: any }, on: { work: hang } });
  const limits = { waitingMessages: 1, close: "1ms", expiryGrace: "0s" } as const;
  await using server = await serve(shape, { limits });
  const { socket, listener } = await server.dial("/ws?token=ana:1");
  for (const _ of [1, 2]) listener.text('{"type":"work"}');
  await server.clock.advance("1s");
  expect(socket.asked.slice(0, 1)).toEqual(["pause"]);
  expect(socket.asked).toContain("close 1008 token_expired");
});

test("the endpoint's own close code is used where a credential expires, and where it is revoked", async () => {
  const shape = endpoint("/ws", { auth: timed, closeCodes: { unauthorized: 4001, token_expired: 4002 } });
  await using server = await serve(shape, { limits: { expiryGrace: "0s" } });
  const [old, revoked, other] = [
    await server.dial("/ws?token=ana:1"),
    await server.dial("/ws?token=bob:60"),
    await server.dial("/ws?token=bob:61"),
  ];
  await server.clock.advance("1s");
  await server.app.revoke({ tokenId: "bob:60" });
  await server.clock.advance("0ms");
  expect([old, revoked, other].map(({ socket }) => socket.asked)).toEqual([
    ["close 4002 token_expired"],
    ["close 4001 unauthorized"],
    [],
  ]);
});

test("a refresh in time moves the close to the new expiry", async () => {
  const shape = endpoint("/ws", { auth: timed });
  await using server = await serve(shape, { limits: { expiryGrace: "1s" }, heartbeat: { every: "10m" } });
  const { socket, listener } = await server.dial("/ws?token=ana:5");
  await server.clock.advance("5500ms");
  listener.text('{"type":"auth","payload":{"token":"ana:8"}}');
  await server.clock.advance("8999ms");
  expect(socket.asked).toEqual([]);
  await server.clock.advance("1ms");
  expect(socket.asked).toEqual(["close 1008 token_expired"]);
});

test.each([
  ["messages", endpoint("/ws", {})],
  ["frames", rawEndpoint("/ws", {})],
])("a ping frame is answered by a pong frame with its data, behind what was sent before: %s", async (_, shape) => {
  await using server = await serve(shape);
  const { socket, listener } = await server.dial();
  listener.ping(Uint8Array.of(1, 2, 3));
  listener.ping(new Uint8Array());
  await server.clock.advance("0ms");
  expect([...socket.bytes]).toEqual([0x8a, 3, 1, 2, 3, 0x8a, 0]);
});

test("pongs wait in the outbox and count there: who never reads is closed like anybody slow", async () => {
  await using server = await serve(rawEndpoint("/ws", { limits: { outbox: "1kb" } }));
  const { socket, listener } = await server.dial();
  socket.isStuck = true;
  // Each pong has 127 bytes, header and all.
  for (let count = 1; count <= 8; count += 1) {
    listener.ping(new Uint8Array(125));
    await server.clock.advance("0ms");
  }
  expect(socket.asked).toEqual([]);
  expect(server.app.stats().outboxBytes).toBe(8 * 127);
  listener.ping(new Uint8Array(125));
  await server.clock.advance("0ms");
  expect(socket.asked).toEqual(["close 1013 slow_consumer"]);
  expect(server.app.stats().slowConsumers).toBe(1);
});

test("any frame is a sign of life, and without one it is closed when its time is over", async () => {
  const shape = endpoint("/ws", { receives: { say: any }, on: { say() {} } });
  await using server = await serve(shape);
  const signs: ((listener: SocketListener) => void)[] = [
    (listener) => listener.pong(),
    (listener) => listener.ping(new Uint8Array()),
    (listener) => listener.text("pong"),
    (listener) => listener.text('{"type":"say"}'),
    () => {},
  ];
  const clients: Awaited<ReturnType<typeof server.dial>>[] = [];
  for (const _ of signs) clients.push(await server.dial());
  await server.clock.advance("25s");
  for (const [index, sign] of signs.entries()) {
    const { listener } = clients[index] ?? {};
    if (listener !== undefined) sign(listener);
  }
  await server.clock.advance("7499ms");
  expect(clients.flatMap(({ socket }) => socket.asked)).toEqual([]);
  await server.clock.advance("1ms");
  expect(clients.map(({ socket }) => socket.asked)).toEqual([[], [], [], [], ["close 1011 ping_timeout"]]);
  expect(server.app.stats().pingTimeouts).toBe(1);
});

test("to be read again is a sign of life: what was said meanwhile may only be on its way", async () => {
  const { opened, open } = createGate();
  const shape = endpoint("/ws", {
    receives: { work: any },
    limits: { waitingMessages: 1, handler: "1h" },
    on: { work: () => opened },
  });
  await using server = await serve(shape);
  const { socket, listener } = await server.dial();
  for (const _ of [1, 2]) listener.text('{"type":"work"}');
  // The test's chance is always the middle: it was asked after 22.5 s, and is looked at 10 s later.
  await server.clock.advance("32499ms");
  open();
  await server.clock.advance("0ms");
  expect(socket.asked).toEqual(["pause", "resume"]);
  // Asked again after 52.5 s.
  await server.clock.advance("30s");
  expect(socket.asked).toEqual(["pause", "resume"]);
  await server.clock.advance("1ms");
  expect(socket.asked.slice(2)).toEqual(["close 1011 ping_timeout"]);
});

test("the place of a user's connection is given back once, when it has closed", async () => {
  const link = new RecordingLink();
  const shape = endpoint("/ws", { auth: timed });
  await using server = await serve(shape, { broker: { "~is": "broker", connect: async () => link } });
  const { listener } = await server.dial("/ws?token=ana:60");
  expect(link.asked.map((ask) => ask.split(" ", 1)[0])).toEqual(["reserve", "arrive"]);
  listener.closed(1006, "");
  await server.clock.advance("1ms");
  expect(link.asked.map((ask) => ask.split(" ", 1)[0])).toEqual(["reserve", "arrive", "depart"]);
});

test("`close` waits for a handler that was answered with `timeout` too, as it still runs", async () => {
  const log: string[] = [];
  const { opened, open } = createGate();
  const shape = endpoint("/ws", {
    receives: { slow: any },
    limits: { handler: "1s" },
    on: {
      async slow() {
        await opened;
        log.push("handler is done");
      },
    },
    close() {
      log.push("close");
    },
  });
  await using server = await serve(shape);
  const { listener } = await server.dial();
  listener.text('{"type":"slow"}');
  await server.clock.advance("2s");
  listener.closed(1006, "");
  await server.clock.advance("1s");
  expect(log).toEqual([]);
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["handler is done", "close"]);
});

test("a refresh disposes of nothing that a handler uses which was answered with `timeout`, as it still runs", async () => {
  const { opened, open } = createGate();
  const disposed: string[] = [];
  const account = dependency({
    needs: { timed },
    create: ({ timed: { id } }) => ({ id }),
    dispose: ({ id }) => void disposed.push(id),
  });
  const shape = endpoint("/ws", {
    auth: timed,
    needs: { account },
    receives: { slow: any },
    limits: { handler: "1s" },
    on: { slow: () => opened },
  });
  await using server = await serve(shape);
  const { socket, listener } = await server.dial("/ws?token=ana:60");
  listener.text('{"type":"slow","id":1}');
  await server.clock.advance("2s");
  listener.text('{"type":"auth","payload":{"token":"ana:70"},"id":2}');
  await server.clock.advance("1ms");
  expect(socket.texts.map((text) => JSON.parse(text))).toMatchObject([
    { id: 1, payload: { code: "timeout" } },
    { id: 2, type: "auth_success" },
  ]);
  expect(disposed).toEqual([]);
  open();
  await server.clock.advance("1ms");
  expect(disposed).toEqual(["ana"]);
});
