import { once } from "node:events";
import { connect, whenLive } from "tidings/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createConnect } from "../../src/client/connect.js";
import type { Surroundings } from "../../src/client/surroundings.js";
import { FakeClock } from "../../src/testing/fake-clock.js";
import { follow } from "../support/client-events.js";
import { letInAndSay, message, ScriptedServer } from "../support/client-server.js";
import type { talk } from "../support/client-world.js";
import { Inbox } from "../support/inbox.js";

/** What was thrown where nobody could catch it. */
const thrown: unknown[] = [];
const note = (error: unknown) => void thrown.push(error);
beforeEach(() => {
  thrown.length = 0;
  process.on("uncaughtException", note).on("unhandledRejection", note);
});
afterEach(() => {
  process.off("uncaughtException", note).off("unhandledRejection", note);
});

const rubbish = [undefined, null, 7, "text", [], [null], {}, { members: [null] }, { epoch: {}, offset: "x" }];
const known = [
  "connected",
  "subscribed",
  "unsubscribed",
  "gap",
  "presence",
  "drain",
  "error",
  "reply",
  "auth_success",
  "ping",
  "pong",
  "task_progress",
  "said",
];
const channels = [undefined, null, 7, {}, "", "kept/a", "plain/x", "$tasks/ana", "__proto__"];

/** Every message that the client knows, with everything that it must not be. */
const shapes = known.flatMap((type) =>
  rubbish.flatMap((payload) =>
    channels.flatMap((channel) =>
      [undefined, 1, "1", null, -1, 99].map((id) => JSON.stringify({ type, payload, channel, id, offset: id })),
    ),
  ),
);

const frames: readonly (readonly [string, readonly (string | Uint8Array)[]])[] = [
  ["no JSON", ["", "nonsense", "{", "\u0000", "ping", "undefined", "NaN"]],
  ["JSON that is no message", ["5", "null", "true", '"x"', "[]", "{}", '{"type":5}', '[{"type":"say"}]', "1e999"]],
  ["bytes", [Uint8Array.of(1, 2, 3), new Uint8Array(70_000)]],
  ["names that objects have", ['{"type":"__proto__","payload":{}}', '{"type":"constructor"}', '{"type":"toString"}']],
  ["every message in every wrong shape", shapes],
  [
    "numbers that can't be",
    [
      '{"type":"connected","payload":{"heartbeatMs":1e999,"expiresInMs":-1}}',
      '{"type":"auth_success","payload":{"expiresInMs":1e999}}',
      '{"type":"drain","payload":{"reconnectAfterMs":-1e999}}',
      '{"type":"subscribed","channel":"kept/a","id":1,"payload":{"epoch":"e","offset":-1e308}}',
      '{"type":"said","channel":"kept/a","offset":1e999,"payload":{}}',
      '{"type":"gap","channel":"kept/a","payload":{"epoch":"e","offset":1e999}}',
      '{"type":"presence","channel":"kept/a","payload":{"count":-1e999}}',
      '{"type":"error","payload":{"code":"rate_limited","retryAfterMs":-1e999}}',
    ],
  ],
  [
    "states of tasks that are none",
    [
      null,
      5,
      {},
      "x",
      [null],
      [7],
      [{}],
      [{ type: 5, payload: {} }],
      [{ type: "task_started" }],
      [{ payload: null }],
    ].map((state) => message("subscribed", { epoch: "e", offset: 0, state }, { channel: "$tasks/ana" })),
  ],
  ["errors that are none", rubbish.flatMap((payload) => [1, undefined].map((id) => message("error", payload, { id })))],
  ["answers that nobody waits for", [1, 2, 99, -1, "1", null].map((id) => message("reply", { n: 1 }, { id }))],
];

test.each(frames)("a server that says %s is told of, if at all, by `error`, and served on", async (_, said) => {
  await using server = await ScriptedServer.start((socket) => letInAndSay(socket, said));
  using client = connect<typeof talk>(`${server.url}/ws`);
  const { errors, until } = follow(client);
  using kept = client.subscribe("kept/:id", { id: "a" }, { presence: true, onGap() {}, onState() {} });
  whenLive(kept).catch(() => {}); // it may never be
  kept.presence.on("change", () => {});
  client.tasks.on("change", () => {});
  client.on("gap", () => {});
  await until("open");
  // What is said before may answer a first question, where that has its id. The answer to a second comes after all of it.
  await client.request("ask", {});
  expect(await client.request("ask", {})).toBe(null);
  expect([client.status, server.connections]).toEqual(["open", 1]);
  expect(errors.unread.every((error) => error.name === "TidingsError")).toBe(true);
  expect(thrown).toEqual([]);
});

test.each(["nonsense", "5", "[]", "null", "{}"])(
  "%s in the place of a message is told as `invalid_message`",
  async (frame) => {
    await using server = await ScriptedServer.start((socket) => letInAndSay(socket, [frame]));
    using client = connect<typeof talk>(`${server.url}/ws`);
    const { errors } = follow(client);
    expect(await errors.next()).toMatchObject({ name: "TidingsError", code: "invalid_message" });
  },
);

describe("a server that lets nobody in", () => {
  /** A client over real sockets, for which time passes as a test says. */
  function connectByClock(url: string, options: { readonly timeout?: "10s" } = {}) {
    const clock = new FakeClock();
    const sockets = { open: 0 };
    const surroundings: Surroundings = {
      clock,
      random: () => 1,
      base: undefined,
      open(address, protocols) {
        const socket = new WebSocket(address, [...protocols]);
        sockets.open += 1;
        socket.on("close", () => {
          sockets.open -= 1;
        });
        return socket as never; // what a page's is, as far as a client uses it
      },
    };
    const client = createConnect(surroundings)<typeof talk>(`${url}/ws`, options);
    return { client, clock, sockets, ...follow(client) };
  }

  const ceilings = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];

  test.each([
    ["before `connected`", () => {}],
    ["after it", (socket: WebSocket) => socket.send(message("connected", { heartbeatMs: 30_000 }))],
    [
      "after it, and says to come back at once",
      (socket: WebSocket) => {
        socket.send(message("connected", { heartbeatMs: 30_000 }));
        socket.send(message("drain", { reconnectAfterMs: 0 }));
      },
    ],
  ])("but closes at once, for ever, %s, is dialled ever more rarely", async (_, greet) => {
    await using server = await ScriptedServer.start((socket) => {
      greet(socket);
      socket.close(1011, "internal");
    });
    const { client, clock, sockets, until } = connectByClock(server.url);
    const delays: number[] = [];
    for (let n = 0; n < ceilings.length; n += 1) {
      await until("waiting");
      delays.push((client.retryAtMs ?? 0) - clock.now());
      client.reconnect();
    }
    expect(delays).toEqual(ceilings);
    await until("waiting");
    expect([server.connections, clock.size]).toEqual([ceilings.length + 1, 1]);
    client.close();
    expect(clock.size).toBe(0);
    expect(sockets.open).toBeLessThanOrEqual(1);
  });

  test("but accepts and says nothing is given up after its time, and hung up", async () => {
    const sockets = new Inbox<WebSocket>("A connection");
    await using server = await ScriptedServer.start((socket) => sockets.put(socket));
    const { client, clock, until } = connectByClock(server.url);
    const hungUp = once(await sockets.next(), "close");
    await clock.advance("10s");
    expect(await until("waiting")).toBe("waiting 1006 timeout");
    await hungUp;
    client.close();
  });

  test("but is not there at all is dialled again", async () => {
    const gone = await ScriptedServer.start(() => {});
    await gone[Symbol.asyncDispose]();
    const { client, until } = connectByClock(gone.url);
    expect(await until("waiting")).toBe("waiting 1006");
    client.close();
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
  });
});

test("a server that goes silent when it has let in is left when its time is over", async () => {
  await using server = await ScriptedServer.start((socket) => {
    socket.on("message", () => socket.send(message("connected", { heartbeatMs: 0 })));
  });
  const clock = new FakeClock();
  const client = createConnect({
    clock,
    random: () => 1,
    base: undefined,
    open: (url, protocols) => new WebSocket(url, [...protocols]) as never, // as above
  })<typeof talk>(`${server.url}/ws`);
  const { until } = follow(client);
  await until("open");
  const lost = expect(client.request("ask", {}, { timeout: "1m" })).rejects.toMatchObject({ code: "connection_lost" });
  await clock.advance("10s");
  await lost;
  expect(await until("waiting")).toBe("waiting 1006 silent");
  client.close();
});
