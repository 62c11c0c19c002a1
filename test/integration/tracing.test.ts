import { trace } from "@opentelemetry/api";
import { type AppOptions, channel, dependency, endpoint, forbidden } from "tidings";
import { bearer } from "tidings/auth";
import { connect } from "tidings/client";
import { otel } from "tidings/otel";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { endOf, SpanRecorder } from "../support/span-recorder.js";
import { dial, dialRefused, dialTidings, type WsClient } from "../support/ws-client.js";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const sampled = `00-${TRACE_ID}-${SPAN_ID}-01`;

const events = { said: z.object({ text: z.string() }) };
const allow = { subscribe: true, publish: true } as const;
const chat = channel("chat/:room", { events });
const log = channel("log", { events, history: { size: 10, ttl: "5m" }, allow });
const room = endpoint("/ws/:room", {
  receives: { say: z.object({ text: z.string() }) },
  channels: [chat, log],
  open: ({ connection, params }) => connection.join(chat(params)),
  on: {
    async say({ app, params }, { text }) {
      const composing = trace.getTracer("app").startSpan("compose");
      await Promise.resolve();
      composing.end();
      await app.publish(chat(params), "said", { text });
    },
  },
});

let spans: SpanRecorder | undefined;
afterEach(() => {
  spans?.[Symbol.dispose]();
  trace.disable();
});

/** An app that is traced, with the SDK registered as one does: for all of the process. */
async function serveTraced(options: Omit<AppOptions, "tracing">) {
  spans = new SpanRecorder();
  trace.setGlobalTracerProvider(spans.provider);
  return { ...(await serve({ ...options, tracing: otel() })), spans };
}

/** All but handshakes. */
function linesOf(recorder: SpanRecorder): readonly string[] {
  return recorder.lines.filter((line) => !line.startsWith("GET"));
}

async function say(client: WsClient, text: string, more: object = {}): Promise<void> {
  client.send({ type: "say", payload: { text }, id: text, ...more });
  await client.takeUntil(text);
}

test("what a client says, what its handler does, and what that publishes is one trace, which the event carries", async () => {
  await using served = await serveTraced({ endpoints: [room] });
  const { url, spans } = served;
  const [ana, bob] = [await dial(`${url}/ws/lobby`), await dial(`${url}/ws/lobby`)];
  await say(ana, "hi", { trace: sampled });
  expect(linesOf(spans)).toEqual([
    `say /ws/:room < ${SPAN_ID}`,
    "compose < say /ws/:room",
    "publish chat/:room < say /ws/:room",
    "deliver chat/:room < publish chat/:room",
  ]);
  const { spanId } = spans.one("publish chat/:room").spanContext();
  const carried = `00-${TRACE_ID}-${spanId}-01`;
  expect(await bob.nextText()).toBe(
    `{"type":"said","channel":"chat/lobby","trace":"${carried}","payload":{"text":"hi"}}`,
  );
  expect(spans.one("deliver chat/:room").attributes).toMatchObject({ "tidings.event.listeners": 2 });
});

test("our client hears an event that carries a trace like any other", async () => {
  await using served = await serveTraced({ endpoints: [room] });
  const client = connect<typeof room>(`${served.url}/ws/lobby`);
  const heard = new Inbox<unknown>("events");
  client.on("said", (payload) => heard.put(payload));
  client.send("say", { text: "hi" });
  expect(await heard.next()).toEqual({ text: "hi" });
  client.close();
});

test("of a client that names no trace each message is one of its own", async () => {
  await using served = await serveTraced({ endpoints: [room] });
  const { url, spans } = served;
  const ana = await dial(`${url}/ws/lobby`);
  for (const text of ["one", "two"]) await say(ana, text);
  const said = spans.spans.filter(({ name }) => name === "say /ws/:room");
  expect(said.map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined]);
  expect(new Set(said.map((span) => span.spanContext().traceId)).size).toBe(2);
});

test("what a handler does while others wait is in its own trace, and so is what those do when their turn comes", async () => {
  const gate = createGate();
  const slow = endpoint("/ws", {
    receives: { wait: z.object({ n: z.number() }) },
    channels: [log],
    on: {
      async wait({ app }, { n }) {
        if (n === 1) await gate.opened;
        await app.publish(log(), "said", { text: `${n}` });
      },
    },
  });
  await using served = await serveTraced({ endpoints: [slow] });
  const { url, spans } = served;
  const ana = await dial(`${url}/ws`);
  const traceOf = (n: number) => `00-${String(n).repeat(32)}-${String(n).repeat(16)}-01`;
  for (const n of [1, 2, 3]) ana.send({ type: "wait", payload: { n }, id: n, trace: traceOf(n) });
  await ana.takeAll();
  gate.open();
  await ana.takeUntil(3);
  const published = spans.spans.filter(({ name }) => name === "publish log");
  expect(published.map((span) => span.spanContext().traceId[0])).toEqual(["1", "2", "3"]);
});

test("what a client asks of a channel itself is followed like what it says to the app", async () => {
  await using served = await serveTraced({ endpoints: [room] });
  const { url, spans } = served;
  const ana = await dial(`${url}/ws/lobby`);
  await ana.ask("subscribe", { channel: "log" });
  ana.send({ type: "publish", payload: { channel: "log", type: "said", payload: { text: "hi" } }, trace: sampled });
  expect(await ana.next()).toMatchObject({ type: "said", offset: 1, trace: expect.stringContaining(TRACE_ID) });
  expect(linesOf(spans)).toEqual([
    "subscribe /ws/:room",
    `publish /ws/:room < ${SPAN_ID}`,
    "publish log < publish /ws/:room",
    "deliver log < publish log",
  ]);
  // What is read later is no part of the trace.
  const eve = await dial(`${url}/ws/lobby`);
  await eve.ask("subscribe", { channel: "log", rewind: 1 });
  expect(await eve.nextText()).toBe('{"type":"said","channel":"log","offset":1,"payload":{"text":"hi"}}');
});

test("an answer that is an error is told by its code, and our own with how it came about", async () => {
  const failing = endpoint("/ws", {
    receives: { say: z.object({ text: z.string() }), leave: z.object({}), fall: z.object({}) },
    on: {
      say: () => {},
      leave: () => {
        throw forbidden();
      },
      async fall() {
        throw new RangeError("no such row");
      },
    },
  });
  await using served = await serveTraced({ endpoints: [failing] });
  const { url, spans } = served;
  const ana = await dial(`${url}/ws`);
  const answers = [
    await ana.ask("say", { text: 7 }),
    await ana.ask("leave", {}),
    await ana.ask("fall", {}),
    await ana.ask("nothing", {}),
  ];
  expect(answers.map(({ payload }) => (payload as { readonly code: string }).code)).toEqual([
    "invalid_payload",
    "forbidden",
    "internal",
    "unknown_type",
  ]);
  expect(endOf(spans.one("say /ws"))).toEqual({ failed: "invalid_payload", error: "invalid_payload", exceptions: [] });
  expect(endOf(spans.one("leave /ws"))).toEqual({ failed: "forbidden", error: "forbidden", exceptions: [] });
  expect(endOf(spans.one("fall /ws"))).toEqual({ failed: "internal", error: "internal", exceptions: ["no such row"] });
  expect(linesOf(spans)).toHaveLength(3);
  expect(await served.errors.next()).toMatchObject({ error: { message: "no such row" } });
});

test("a handshake is of the trace that its request names, and what admits it is under it", async () => {
  const user = bearer({
    verify: (token) => {
      trace.getTracer("app").startSpan("look up").end();
      return token === "ana" ? { id: token } : undefined;
    },
  });
  const broken = dependency({
    create: () => {
      throw new Error("no database");
    },
  });
  await using served = await serveTraced({
    endpoints: [endpoint("/ws/:room", { auth: user }), endpoint("/broken", { needs: { broken } })],
  });
  const { url, spans } = served;
  const headers = { traceparent: sampled };
  await dial(`${url}/ws/lobby`, { token: "ana", headers });
  expect(spans.lines).toEqual([`GET /ws/:room < ${SPAN_ID}`, "look up < GET /ws/:room"]);
  expect(spans.one("GET /ws/:room").attributes).toMatchObject({ "http.response.status_code": 101 });

  await dialRefused(`${url}/broken`, { headers });
  expect(endOf(spans.one("GET /broken"))).toEqual({
    failed: "internal",
    error: "internal",
    exceptions: ["no database"],
  });
  await dialRefused(`${url}/nowhere`, { headers });
  expect(endOf(spans.one("GET"))).toEqual({ failed: "not_found", error: "not_found", exceptions: [] });
  const bob = await dialTidings(`${url}/ws/lobby`, { token: "bob" });
  expect(await bob.closed).toMatchObject({ code: 1008, reason: "unauthorized" });
  const refused = spans.spans.filter(({ name }) => name === "GET /ws/:room").at(-1);
  expect(refused?.attributes).toMatchObject({ "error.type": "unauthorized", "tidings.close.code": 1008 });
});

test("what is done at a time is of no trace, whoever was the first to wait for it", async () => {
  const left = channel("left", { events });
  const watched = endpoint("/ws", {
    channels: [left],
    open: ({ connection }) => connection.join(left()),
    close: ({ app }) => app.publish(left(), "said", { text: "bye" }).then(() => {}),
  });
  await using served = await serveTraced({ endpoints: [watched], heartbeat: { every: "100ms", timeout: "500ms" } });
  const { url, spans } = served;
  const ana = await dial(`${url}/ws`, { headers: { traceparent: sampled } });
  // It answers no ping.
  using _bob = await openRaw(`${url}/ws`);
  expect(await ana.next()).toMatchObject({ payload: { text: "bye" } });
  expect(spans.one("publish left").parentSpanContext).toBeUndefined();
});

test("no span has what was said, a name of a user, or a token", async () => {
  const user = bearer({ verify: (token) => (token === "secret-token" ? { id: "user-ana" } : undefined) });
  const inbox = channel("inbox/:user", { events });
  const home = endpoint("/ws/:user", {
    auth: user,
    receives: { say: z.object({ text: z.string() }) },
    channels: [inbox],
    open: ({ connection, params }) => connection.join(inbox(params)),
    on: { say: ({ app, params }, { text }) => app.publish(inbox(params), "said", { text }).then(() => {}) },
  });
  await using served = await serveTraced({ endpoints: [home] });
  const { url, spans } = served;
  const ana = await dial(`${url}/ws/user-ana?token=secret-token`);
  await say(ana, "secret-text", { trace: sampled });
  await dialRefused(`${url}/ws/user-ana?token=secret-other`);
  const told = spans.spans.map(({ name, attributes, status, events: noted }) => ({ name, attributes, status, noted }));
  expect(told).toHaveLength(5);
  expect(JSON.stringify(told)).not.toMatch(/user-ana|secret/);
});

test("a tracer that throws is told of once, and everything goes on", async () => {
  const broken = new Error("broken");
  const fail = () => {
    throw broken;
  };
  await using served = await serve({
    endpoints: [room],
    tracing: otel({ tracer: { startSpan: fail, startActiveSpan: fail } }),
  });
  const ana = await dial(`${served.url}/ws/lobby`);
  for (const text of ["one", "two"]) {
    ana.send({ type: "say", payload: { text }, id: text, trace: sampled });
    expect(await ana.nextText()).toBe(`{"type":"said","channel":"chat/lobby","payload":{"text":"${text}"}}`);
    expect(await ana.next()).toMatchObject({ type: "reply", id: text });
  }
  expect(served.errors.unread).toEqual([
    { error: broken, at: { during: "tracing", connection: undefined, endpoint: undefined } },
  ]);
});

test("without a tracer an event is as it always was, whatever trace its message is of", async () => {
  await using served = await serve({ endpoints: [room] });
  const ana = await dial(`${served.url}/ws/lobby`, { headers: { traceparent: sampled } });
  ana.send({ type: "say", payload: { text: "hi" }, trace: sampled });
  expect(await ana.nextText()).toBe('{"type":"said","channel":"chat/lobby","payload":{"text":"hi"}}');
});
