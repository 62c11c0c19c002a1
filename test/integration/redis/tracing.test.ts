import { trace } from "@opentelemetry/api";
import { channel, endpoint } from "tidings";
import { otel } from "tidings/otel";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { Apps } from "../../support/redis/apps.js";
import { startRedis } from "../../support/redis/redis-server.js";
import { SpanRecorder } from "../../support/span-recorder.js";
import { dialTidings, type WsClient } from "../../support/ws-client.js";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

const events = { said: z.object({ text: z.string() }) };
const chat = channel("chat/:room", { events });
const kept = channel("kept/:room", { events, history: { size: 10, ttl: "5m" } });
const room = endpoint("/ws/:room", {
  receives: { say: z.object({ text: z.string() }) },
  channels: [chat, kept],
  open: ({ connection, params }) => connection.join(chat(params), kept(params)),
  on: {
    async say({ app, params }, { text }) {
      const composing = trace.getTracer("app").startSpan("compose");
      await app.publish(chat(params), "said", { text });
      await app.publish(kept(params), "said", { text });
      composing.end();
    },
  },
});

let spans: SpanRecorder | undefined;
afterEach(() => {
  spans?.[Symbol.dispose]();
  trace.disable();
});

/** Into the room, past both `subscribed`. */
async function enter(url: string): Promise<WsClient> {
  const client = await dialTidings(`${url}/ws/lobby`);
  await client.take(3);
  return client;
}

async function startTraced() {
  const recorder = new SpanRecorder();
  spans = recorder;
  trace.setGlobalTracerProvider(recorder.provider);
  const redis = await startRedis();
  const apps = new Apps({ url: redis.url });
  return {
    recorder,
    servers: await apps.startThree({ endpoints: [room], tracing: otel() }),
    async [Symbol.asyncDispose]() {
      await apps[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

test("what a client says at one process is one trace with what is told at each", async () => {
  await using world = await startTraced();
  const [a, b] = world.servers;
  const [ana, bob] = [await enter(a.url), await enter(b.url)];
  ana.send({ type: "say", payload: { text: "hi" }, id: 1, trace: `00-${TRACE_ID}-${SPAN_ID}-01` });
  const heard = await bob.take(2);
  await ana.takeUntil(1);
  const { recorder } = world;
  const lines = recorder.lines.filter((line) => !line.startsWith("GET"));
  expect([...lines].sort()).toEqual([
    "compose < say /ws/:room",
    "deliver chat/:room < publish chat/:room",
    "deliver chat/:room < publish chat/:room",
    "deliver kept/:room < publish kept/:room",
    "deliver kept/:room < publish kept/:room",
    "publish chat/:room < say /ws/:room",
    "publish kept/:room < say /ws/:room",
    `say /ws/:room < ${SPAN_ID}`,
  ]);
  const published = ["publish chat/:room", "publish kept/:room"].map((name) => recorder.one(name).spanContext());
  expect(heard).toMatchObject(published.map(({ spanId }) => ({ trace: `00-${TRACE_ID}-${spanId}-01` })));
});

test("what is not sampled goes through all of them, and none has a span of it", async () => {
  await using world = await startTraced();
  const [a, b] = world.servers;
  const [ana, bob] = [await enter(a.url), await enter(b.url)];
  ana.send({ type: "say", payload: { text: "hi" }, id: 1, trace: `00-${TRACE_ID}-${SPAN_ID}-00` });
  for (const event of await bob.take(2)) {
    expect(event).toMatchObject({ trace: expect.stringMatching(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`)) });
  }
  await ana.takeUntil(1);
  expect(world.recorder.spans.map((span) => span.spanContext().traceId)).not.toContain(TRACE_ID);
});
