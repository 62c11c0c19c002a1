import { connect } from "node:net";
import { type App, type AppLimits, channel, endpoint, rawEndpoint } from "tidings";
import { bearer } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { Program } from "../support/child-process.js";
import { createGate } from "../support/gate.js";
import { frame, handshakeRequest, opcodes, openRaw, RawClient } from "../support/raw-client.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { dial, dialTidings, type WsClient } from "../support/ws-client.js";

const { continuation, text, ping } = opcodes;
const rateLimited = { code: 1008, reason: "rate_limited" };
const slowConsumer = { code: 1013, reason: "slow_consumer" };
const pingTimeout = { code: 1011, reason: "ping_timeout" };

/** For somebody who behaves, and talks a lot. */
const quiet = endpoint("/ws/quiet", { limits: anyRate });

/** What one read of a socket holds at most. */
const oneRead = 65_536;

/** The figures that a bad peer could drive up. */
type Figures = Pick<ReturnType<App["stats"]>, "connections" | "waitingBytes" | "outboxBytes" | "pending">;

function figuresOf({ app }: ServedApp): Figures {
  const { connections, waitingBytes, outboxBytes, pending } = app.stats();
  return { connections, waitingBytes, outboxBytes, pending };
}

/**
 * While something happens a good client is served: it asks again and again, and each time the figures are looked at.
 * Gives what came of it, and the highest figures. The good client stays.
 */
async function whileServing<Result>(
  server: ServedApp,
  happens: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly highest: Figures }> {
  const good = await dial(`${server.url}/ws/quiet`);
  await good.takeAll();
  const highest = { connections: 0, waitingBytes: 0, outboxBytes: 0, pending: 0 };
  const look = () => {
    for (const [name, figure] of Object.entries(figuresOf(server)) as [keyof Figures, number][]) {
      highest[name] = Math.max(highest[name], figure);
    }
  };
  let isOver = false;
  const happening = happens().finally(() => {
    isOver = true;
  });
  happening.catch(() => {}); // it is awaited below
  do {
    look();
    await good.takeAll();
    look();
  } while (!isOver);
  return { result: await happening, highest };
}

/** What is left when only one good client is there. */
const oneAlone: Figures = { connections: 1, waitingBytes: 0, outboxBytes: 0, pending: 0 };

test("2,000 handshakes that never finish keep nobody out, and are gone after `limits.handshake`", async () => {
  const room = endpoint("/ws/room", { limits: anyRate });
  await using server = await serve({ endpoints: [room], limits: { handshake: "3s", connections: 1, pending: 2_100 } });
  const crowd = new Program("test/support/crowd/half-open.ts", { URL: server.url, COUNT: "2000" });
  await crowd.line(/^open$/);
  const good = await dial(`${server.url}/ws/room`);
  expect(await good.takeAll()).toEqual([]);
  expect(crowd.stdout).toEqual(["open"]);
  expect(figuresOf(server)).toEqual(oneAlone);
  const line = await crowd.line(/^ended /);
  expect(JSON.parse(line.slice("ended ".length))).toEqual({
    "says nothing: 408": 1_000,
    "says half a request: 408": 1_000,
  });
  expect(await good.takeAll()).toEqual([]);
  expect(figuresOf(server)).toEqual(oneAlone);
  expect(await crowd.exit()).toBe(0);
});

test("past `limits.pending` a connection is ended at once, who is inside stays, and later others come in", async () => {
  const room = endpoint("/ws/room", { limits: anyRate });
  await using server = await serve({ endpoints: [room], limits: { handshake: "1s", pending: 20 } });
  const good = await dial(`${server.url}/ws/room`);
  expect(await good.takeAll()).toEqual([]);
  const waiting: RawClient[] = [];
  while (waiting.length < 20) waiting.push(await RawClient.open(server.url));
  for (const each of waiting) each.write("GET /ws/room HTTP/1.1\r\n");
  for (let n = 0; n < 10; n += 1) {
    using late = await RawClient.open(server.url);
    late.write(handshakeRequest("/ws/room"));
    await expect(late.nextResponse()).rejects.toThrow("the connection ended");
  }
  expect(await good.takeAll()).toEqual([]);
  expect(figuresOf(server)).toEqual(oneAlone);
  for (const each of waiting) {
    expect(await each.nextResponse()).toMatchObject({ status: 408, body: { code: "handshake_timeout" } });
  }
  for (const each of waiting) await expect(each.nextResponse()).rejects.toThrow("the connection ended");
  const later = await dial(`${server.url}/ws/room`);
  expect(await later.takeAll()).toEqual([]);
  expect(await good.takeAll()).toEqual([]);
});

/** Somebody who never reads, and says the same again and again until the connection has ended. */
function floodWithoutReading(url: string, chunk: Buffer): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  // Nobody listens to its data: nothing is taken out of the kernel's buffer.
  const socket = connect({ host: hostname, port: Number(port) });
  const sayMore = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on("error", () => {}); // the close tells it
  socket.on("drain", sayMore);
  socket.write(handshakeRequest(pathname));
  sayMore();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

const outbox = "256kb";
const outboxBytes = 262_144;

test("a flood of pings from one that never reads the pongs is bounded by `limits.outbox`", async () => {
  const room = endpoint("/ws/room", { limits: anyRate });
  await using server = await serve({
    endpoints: [room, quiet],
    limits: { outbox, connections: 2, pending: 2, close: "50ms" },
  });
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame({ opcode: ping, payload: "x".repeat(125) })));
  const { highest } = await whileServing(server, () => floodWithoutReading(`${server.url}/ws/room`, pings));
  expect((await server.log.next("disconnected")).fields).toMatchObject(slowConsumer);
  expect(highest.outboxBytes).toBeGreaterThan(0);
  // Beyond it one pong, and what the good client is being answered.
  expect(highest.outboxBytes).toBeLessThanOrEqual(outboxBytes + 127 + 64);
  expect(highest).toMatchObject({ connections: 2, waitingBytes: 0 });
  expect(server.app.stats()).toMatchObject({ ...oneAlone, slowConsumers: 1 });
});

test.each([
  ["1mb", 1_048_576],
  ["256kb", 262_144],
] as const)(
  "a flood of events for one that never reads is bounded by `limits.outbox`: %s",
  async (limit, limitBytes) => {
    const feed = channel("feed", { events: { item: z.object({ text: z.string() }) } });
    const room = endpoint("/ws/room", { channels: [feed], open: ({ connection }) => connection.join(feed()) });
    await using server = await serve({
      endpoints: [room, quiet],
      limits: { outbox: limit, connections: 2, pending: 2, close: "50ms" },
    });
    const deaf = await dial(`${server.url}/ws/room`);
    await deaf.takeAll();
    deaf.stopReading();
    const item = "x".repeat(30_000);
    const { result, highest } = await whileServing(server, async () => {
      let count = 0;
      while (server.app.stats().slowConsumers === 0 && count < 5_000) {
        await server.app.publish(feed(), "item", { text: item });
        count += 1;
      }
      return count;
    });
    expect(result).toBeLessThan(5_000);
    expect((await server.log.next("disconnected")).fields).toMatchObject(slowConsumer);
    expect(highest.outboxBytes).toBeGreaterThan(0);
    // The last event may be one that an empty outbox takes.
    expect(highest.outboxBytes).toBeLessThanOrEqual(limitBytes + item.length + 100);
    expect(highest).toMatchObject({ connections: 2, waitingBytes: 0 });
    expect(server.app.stats()).toMatchObject({ ...oneAlone, slowConsumers: 1 });
    deaf.terminate();
  },
);

const fastHeartbeat = { every: "600ms", timeout: "400ms" } as const;

test("who never answers a ping frame is closed with `ping_timeout`, and one that answers is not", async () => {
  const room = endpoint("/ws/room", {});
  await using server = await serve({
    endpoints: [room, quiet],
    heartbeat: fastHeartbeat,
    limits: { connections: 2, pending: 2 },
  });
  const { result, highest } = await whileServing(server, async () => {
    using silent = await openRaw(`${server.url}/ws/room`);
    expect((await silent.nextFrame()).opcode).toBe(ping);
    const closed = await silent.nextClose();
    silent.write(frame({ opcode: opcodes.close }));
    await server.log.next("disconnected");
    return closed;
  });
  expect(result).toEqual(pingTimeout);
  expect(highest).toMatchObject({ connections: 2, waitingBytes: 0 });
  expect(server.app.stats()).toMatchObject({ ...oneAlone, pingTimeouts: 1 });
});

test("a client of `tidings.v1` that never answers the message `ping` is closed with `ping_timeout`", async () => {
  const room = endpoint("/ws/room", {});
  await using server = await serve({
    endpoints: [room, quiet],
    heartbeat: fastHeartbeat,
    limits: { connections: 2, pending: 2 },
  });
  const { result, highest } = await whileServing(server, async () => {
    const silent = await dialTidings(`${server.url}/ws/room`);
    expect(await silent.take(2)).toMatchObject([{ type: "connected" }, { type: "ping" }]);
    const closed = await silent.closed;
    await server.log.next("disconnected");
    return closed;
  });
  expect(result).toEqual(pingTimeout);
  expect(highest).toMatchObject({ connections: 2, waitingBytes: 0 });
  expect(server.app.stats()).toMatchObject({ ...oneAlone, pingTimeouts: 1 });
});

test("a byte of a frame now and then is no sign of life, a whole frame is", async () => {
  const room = rawEndpoint("/ws/room", { text: () => {} });
  await using server = await serve({
    endpoints: [room, quiet],
    heartbeat: fastHeartbeat,
    limits: { connections: 3, pending: 3 },
  });
  const { result, highest } = await whileServing(server, async () => {
    using dripping = await openRaw(`${server.url}/ws/room`);
    using speaking = await openRaw(`${server.url}/ws/room`);
    const bytes = frame({ payload: "x".repeat(100) });
    dripping.write(bytes.subarray(0, 1));
    expect((await dripping.nextFrame()).opcode).toBe(ping);
    dripping.write(bytes.subarray(1, 2));
    for (let n = 0; n < 3; n += 1) {
      expect((await speaking.nextFrame()).opcode).toBe(ping);
      speaking.write(bytes);
    }
    const closed = await dripping.nextClose();
    expect(server.app.stats()).toMatchObject({ pingTimeouts: 1, connections: 2 });
    return closed;
  });
  expect(result).toEqual(pingTimeout);
  expect(highest).toMatchObject({ connections: 3, waitingBytes: 0 });
  await server.log.next("disconnected");
  await server.log.next("disconnected");
  expect(figuresOf(server)).toEqual(oneAlone);
});

/** The frames of one text message, or of its beginning. */
function fragments(count: number, payload: string, isWhole: boolean): Buffer {
  const first = frame({ opcode: text, payload, isFinal: false });
  const more = frame({ opcode: continuation, payload, isFinal: false });
  const last = frame({ opcode: continuation, payload, isFinal: isWhole });
  const middle = Buffer.alloc(more.length * (count - 2), more);
  return Buffer.concat([first, middle, last]);
}

test.each([
  ["of one byte", "x"],
  ["that are empty", ""],
])(
  "a million tiny fragments %s close with 1008, and a message in as many as are allowed passes",
  async (_, payload) => {
    const room = rawEndpoint("/ws/room", {
      limits: { fragments: 100 },
      text: ({ connection }, received) => void connection.send(String(received.length)),
    });
    await using server = await serve({ endpoints: [room, quiet], limits: { connections: 3, pending: 3 } });
    using patient = await openRaw(`${server.url}/ws/room`);
    const { result, highest } = await whileServing(server, async () => {
      using flooding = await openRaw(`${server.url}/ws/room`);
      flooding.write(fragments(1_000_000, payload, false));
      return await flooding.nextClose();
    });
    expect(result.code).toBe(1008);
    expect((await server.log.next("disconnected")).fields).toMatchObject({ code: 1008 });
    expect(highest.connections).toBeLessThanOrEqual(3);
    expect(highest).toMatchObject({ waitingBytes: 0 });
    expect(highest.outboxBytes).toBeLessThanOrEqual(oneRead);
    patient.write(fragments(100, payload, true));
    expect((await patient.nextFrame()).payload.toString()).toBe(String(100 * payload.length));
    expect(figuresOf(server)).toEqual({ ...oneAlone, connections: 2 });
  },
);

/** An answer of the server, as far as it is looked at here. */
interface Answer {
  readonly type: string;
  readonly id?: number;
  readonly payload?: { readonly code?: string; readonly retryAfterMs?: number };
}

/** All that a client hears before its end, as `code` for an error and otherwise the message's type. */
async function hearAll(client: WsClient): Promise<{ readonly heard: readonly string[]; readonly closed: unknown }> {
  const closed = await client.closed;
  const answers = client.unread.map((each) => JSON.parse(String(each)) as Answer);
  return { heard: answers.map(({ type, payload }) => (type === "error" ? (payload?.code ?? "") : type)), closed };
}

function times(count: number, what: string): readonly string[] {
  return new Array<string>(count).fill(what);
}

const strict = {
  messages: "5/60s",
  control: "7/60s",
  strikes: "20/60s",
  connections: 2,
  pending: 2,
  waitingBytes: "64kb",
} as const satisfies AppLimits;

function createTalk({ handled = [] }: { readonly handled?: unknown[] } = {}) {
  return endpoint("/ws/talk", {
    auth: bearer({
      from: ["header", "message"],
      verify(token) {
        handled.push(token);
        return { id: "ana" };
      },
    }),
    receives: { say: z.object({ text: z.string() }) },
    on: {
      say(_, { text: said }) {
        handled.push(said);
        return "heard";
      },
    },
  });
}

const say = JSON.stringify({ type: "say", payload: { text: "x".repeat(1_000) }, id: 1 });

/** What is said, what is heard first, and how many of what was said are let through. */
const floods: readonly (readonly [name: string, said: string, answer: string, passed: number, handled: number])[] = [
  ["messages", say, "reply", 5, 5],
  ["messages of an unknown type", JSON.stringify({ type: "what" }), "unknown_type", 7, 0],
  ["texts that are not JSON", '{"type":"say"', "invalid_json", 7, 0],
  ["`ping` messages", '{"type":"ping"}', "pong", 7, 0],
];

test.each(floods)(
  "a flood of %s is answered so long, then warned, then closed",
  async (_, said, answer, passed, did) => {
    const handled: unknown[] = [];
    await using server = await serve({ endpoints: [createTalk({ handled }), quiet], limits: strict });
    const { result, highest } = await whileServing(server, async () => {
      const client = await dial(`${server.url}/ws/talk`, { token: "secret" });
      handled.length = 0;
      for (let n = 0; n < 10_000; n += 1) client.sendText(said);
      return await hearAll(client);
    });
    expect(result.closed).toEqual(rateLimited);
    expect(result.heard.toSorted()).toEqual([...times(passed, answer), ...times(20, "rate_limited")].toSorted());
    expect(handled).toHaveLength(did);
    expect((await server.log.next("disconnected")).fields).toMatchObject(rateLimited);
    expect(highest.connections).toBeLessThanOrEqual(2);
    expect(highest.pending).toBeLessThanOrEqual(2);
    expect(highest.waitingBytes).toBeLessThanOrEqual(65_536);
    expect(highest.outboxBytes).toBeLessThanOrEqual(oneRead);
    expect(server.app.stats()).toMatchObject({ ...oneAlone, rateLimited: 21 });
  },
);

test("a flood of `auth` messages is answered so long, then warned, then closed, and asks no more than it may", async () => {
  const handled: unknown[] = [];
  await using server = await serve({ endpoints: [createTalk({ handled }), quiet], limits: strict });
  const { result, highest } = await whileServing(server, async () => {
    const client = await dial(`${server.url}/ws/talk`, { token: "secret" });
    for (let n = 0; n < 7; n += 1) {
      client.send({ type: "auth", payload: { token: "secret" } });
      expect(await client.next()).toMatchObject({ type: "auth_success" });
    }
    for (let n = 0; n < 10_000; n += 1) client.send({ type: "auth", payload: { token: "x".repeat(1_000) } });
    return await hearAll(client);
  });
  expect(result).toEqual({ heard: times(20, "rate_limited"), closed: rateLimited });
  expect(handled).toEqual(times(8, "secret"));
  await server.log.next("disconnected");
  expect(highest).toMatchObject({ connections: 2, waitingBytes: 0 });
  expect(highest.outboxBytes).toBeLessThanOrEqual(oneRead);
  expect(server.app.stats()).toMatchObject({ ...oneAlone, rateLimited: 21 });
});

test("a flood of `auth` messages does not pile up while their check hangs", async () => {
  const gate = createGate();
  let isSlow = false;
  const talk = endpoint("/ws/talk", {
    auth: bearer({
      async verify() {
        if (isSlow) await gate.opened;
        return { id: "ana" };
      },
    }),
    limits: { control: "100000/60s", strikes: "20/60s" },
  });
  await using server = await serve({ endpoints: [talk, quiet], limits: { close: "50ms" } });
  const client = await dial(`${server.url}/ws/talk`, { token: "secret" });
  await client.takeAll();
  isSlow = true;
  for (let n = 0; n < 1_000; n += 1) client.send({ type: "auth", payload: { token: "x".repeat(8_000) } });
  expect(await hearAll(client)).toEqual({ heard: times(20, "rate_limited"), closed: rateLimited });
  gate.open();
});

test("a flood before the credential is answered so long, then warned, then closed, and nothing of it is handled", async () => {
  const handled: unknown[] = [];
  await using server = await serve({ endpoints: [createTalk({ handled }), quiet], limits: strict });
  const { result, highest } = await whileServing(server, async () => {
    const client = await dial(`${server.url}/ws/talk`);
    for (let n = 0; n < 10_000; n += 1) client.sendText(say);
    return await hearAll(client);
  });
  expect(result).toEqual({ heard: [...times(7, "unauthorized"), ...times(20, "rate_limited")], closed: rateLimited });
  expect(handled).toEqual([]);
  await server.log.next("disconnected");
  expect(highest).toMatchObject({ connections: 1, waitingBytes: 0 });
  expect(highest.pending).toBeLessThanOrEqual(2);
  expect(figuresOf(server)).toEqual(oneAlone);
});

test("a flood of ping frames is answered so long, then warned, then closed", async () => {
  await using server = await serve({ endpoints: [createTalk(), quiet], limits: strict });
  const { result, highest } = await whileServing(server, async () => {
    using client = await openRaw(`${server.url}/ws/talk`, { authorization: "Bearer secret" });
    client.write(Buffer.alloc(60_000, frame({ opcode: ping })));
    const heard: (number | string | undefined)[] = [];
    for (;;) {
      const { opcode, payload } = await client.nextFrame();
      if (opcode === opcodes.close) {
        return { heard, closed: { code: payload.readUInt16BE(), reason: payload.subarray(2).toString() } };
      }
      heard.push(opcode === text ? (JSON.parse(payload.toString()) as Answer).payload?.code : opcode);
    }
  });
  expect(result).toEqual({
    heard: [...new Array<number>(7).fill(opcodes.pong), ...times(20, "rate_limited")],
    closed: rateLimited,
  });
  await server.log.next("disconnected");
  expect(highest.connections).toBeLessThanOrEqual(2);
  expect(highest.waitingBytes).toBe(0);
  expect(highest.outboxBytes).toBeLessThanOrEqual(oneRead);
  expect(server.app.stats()).toMatchObject({ ...oneAlone, rateLimited: 21 });
});

test("a flood of ping frames at a raw endpoint, which has no errors to warn with, is closed", async () => {
  const raw = rawEndpoint("/ws/raw", {});
  await using server = await serve({ endpoints: [raw], limits: strict });
  using client = await openRaw(`${server.url}/ws/raw`);
  client.write(Buffer.alloc(60_000, frame({ opcode: ping })));
  for (let n = 0; n < 7; n += 1) expect((await client.nextFrame()).opcode).toBe(opcodes.pong);
  expect(await client.nextClose()).toEqual(rateLimited);
  client.write(frame({ opcode: opcodes.close }));
  expect((await server.log.next("disconnected")).fields).toMatchObject(rateLimited);
  expect(figuresOf(server)).toEqual({ ...oneAlone, connections: 0 });
});

test("while the loop is blocked nobody is read: who has answered meanwhile is not taken for dead", async () => {
  await using server = await serve({ endpoints: [quiet], heartbeat: fastHeartbeat });
  using client = await openRaw(`${server.url}/ws/quiet`);
  expect((await client.nextFrame()).opcode).toBe(ping);
  client.write(frame({ opcode: opcodes.pong }));
  // As by a handler that computes for too long: the time for an answer is over before the answer can be read.
  const untilMs = performance.now() + 450;
  while (performance.now() < untilMs);
  expect((await client.nextFrame()).opcode).toBe(ping);
  expect(server.app.stats()).toMatchObject({ connections: 1, pingTimeouts: 0 });
});

test("silence while a slow handler keeps its socket from being read counts against nobody, silence after it does", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const work = endpoint("/ws/work", {
    limits: { ...anyRate, waitingMessages: 4, waitingBytes: "8kb" },
    receives: { block: z.object({}), step: z.object({ filler: z.string() }) },
    on: {
      block() {
        begun.open();
        return gate.opened;
      },
      step: () => "stepped",
    },
  });
  await using server = await serve({ endpoints: [work, quiet], heartbeat: fastHeartbeat });
  using busy = await openRaw(`${server.url}/ws/work`);
  busy.write(frame({ payload: '{"type":"block"}' }));
  await begun.opened;
  const step = JSON.stringify({ type: "step", payload: { filler: "x".repeat(1_000) }, id: 1 });
  const count = 2_000;
  for (let n = 0; n < count; n += 1) busy.write(frame({ payload: step }));
  const { highest } = await whileServing(server, async () => {
    const witness = await dialTidings(`${server.url}/ws/quiet`);
    expect(await witness.next()).toMatchObject({ type: "connected" });
    // When one that came later was asked four times, the busy one's time is long over.
    for (let n = 0; n < 4; n += 1) {
      expect(await witness.next()).toMatchObject({ type: "ping" });
      witness.send({ type: "pong" });
    }
    witness.close();
    await server.log.next("disconnected");
  });
  // What may wait, and what one read held already: of two megabytes.
  expect(highest.waitingBytes).toBeGreaterThan(0);
  expect(highest.waitingBytes).toBeLessThanOrEqual(8_192 + oneRead);
  expect(highest.connections).toBe(3);
  expect(highest.outboxBytes).toBeLessThanOrEqual(oneRead);
  expect(server.app.stats()).toMatchObject({ connections: 2, pingTimeouts: 0 });
  gate.open();
  const replies: string[] = [];
  while (replies.length < count) {
    const { opcode, payload } = await busy.nextFrame();
    if (opcode === text) replies.push((JSON.parse(payload.toString()) as Answer).type);
  }
  expect(replies).toEqual(times(count, "reply"));
  expect(server.app.stats()).toMatchObject({ connections: 2, waitingBytes: 0, pingTimeouts: 0 });
  expect(await busy.nextClose()).toEqual(pingTimeout);
  busy.write(frame({ opcode: opcodes.close }));
  expect((await server.log.next("disconnected")).fields).toMatchObject(pingTimeout);
  expect(server.app.stats()).toMatchObject({ ...oneAlone, pingTimeouts: 1 });
});
