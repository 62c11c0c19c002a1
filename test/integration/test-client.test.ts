import { type App, channel, createApp, endpoint, rawEndpoint, type TidingsError } from "tidings";
import { firstOf, jwt, session } from "tidings/auth";
import { RefusedError, startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf } from "../support/channel-events.js";
import { LogRecorder } from "../support/log-recorder.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { type Arrival, dial, dialRefused } from "../support/ws-client.js";

const room = channel("room/:room", { events: { said: z.object({ text: z.string(), at: z.date() }) } });
const rooms = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  allow: ({ params }) => params.room !== "closed",
  channels: [room],
  sends: { welcome: z.object({ user: z.string() }) },
  receives: { say: z.object({ text: z.string().min(1) }), quit: z.object({}), fail: z.object({}) },
  open({ connection, user, params }) {
    connection.send("welcome", { user: user.id });
    connection.join(room(params));
  },
  on: {
    async say({ app, params }, { text }) {
      await app.publish(room(params), "said", { text, at: new Date(0) });
      return { length: text.length };
    },
    quit: ({ connection }) => connection.close(4000, "as you wish"),
    fail: () => Promise.reject(new Error("broken")),
  },
});
const topic = channel("topic/:topic", {
  events: { said: z.object({ n: z.number() }) },
  history: { size: 3, ttl: "5m" },
  presence: true,
  allow: { subscribe: true, publish: true },
});
const topics = endpoint("/ws/topics", { auth: jwt({ secret }), channels: [topic] });
const echo = rawEndpoint("/ws/echo", {
  text: ({ connection }, text) => void connection.send(text),
  binary: ({ connection }, bytes) => void connection.send(bytes),
});

/** One app object for both views: started by a test, then on a port, then by a test again. */
function createChat(): App {
  return createApp({ endpoints: [rooms, topics, echo], logger: new LogRecorder() });
}

const token = signToken({ sub: "ana" });
const frames = [
  '{"type":"say","payload":{"text":"hi"},"id":1}',
  '{"type":"say","payload":{"text":"no id"}}',
  '{"type":"say","payload":{"text":""},"id":"two"}',
  '{"type":"say","payload":{"text":7}}',
  '{"type":"shout","id":3}',
  '{"type":"fail","id":4}',
  '{"type":"say","id":{}}',
  '{"type":"__proto__","id":5}',
  '[{"type":"say"}]',
  "",
  "{",
  "null",
  '{"type":"quit","id":7}',
  '{"type":"say","payload":{"text":"too late"},"id":8}',
];

test("P24: the test client is sent just what a client on a real socket is sent, and sees the same end", async () => {
  const app = createChat();
  const inMemory = await (async () => {
    await using server = await startTestApp(app);
    const client = await server.connect<typeof rooms>("/ws/rooms/lobby", { token, as: "plain" });
    for (const frame of frames) client.sendFrame(frame);
    const closed = await client.closed;
    return { closed, messages: [...client.unread] };
  })();
  const onSocket = await (async () => {
    await using _ = app;
    const { url } = await app.listen(0);
    const client = await dial(`${url}/ws/rooms/lobby`, { token });
    for (const frame of frames) client.sendText(frame);
    const closed = await client.closed;
    return { closed, messages: client.unread.map((text) => JSON.parse(String(text)) as unknown) };
  })();
  expect(inMemory).toEqual(onSocket);
  expect(onSocket.closed).toEqual({ code: 4000, reason: "as you wish" });
  expect(onSocket.messages).toHaveLength(14);
});

test("P24: what the test client says about channels is answered as on a real socket", async () => {
  const app = createChat();
  const a = topic({ topic: "a" });
  const inMemory = await (async () => {
    await using server = await startTestApp(app);
    const client = await server.connect<typeof topics>("/ws/topics", { token, as: "plain" });
    const payloads: unknown[] = [await client.publish(a, "said", { n: 1 })];
    payloads.push(await client.subscribe(a, { rewind: 1, presence: true }));
    payloads.push(await client.presence(a, { watch: true }), await client.history(a, { limit: 1 }));
    payloads.push(await client.publish(a, "said", { n: 2 }, { key: "k" }));
    payloads.push(await client.subscribe(a).catch(({ code }: TidingsError) => code));
    await client.unsubscribe(a);
    return { payloads: withoutEpochs(payloads), unread: client.unread };
  })();
  await using _ = app;
  const { url } = await app.listen(0);
  const client = await dial(`${url}/ws/topics`, { token });
  const at = { channel: "topic/a" };
  const requests: readonly (readonly [type: string, payload: object])[] = [
    ["publish", { ...at, type: "said", payload: { n: 1 } }],
    ["subscribe", { ...at, rewind: 1, presence: true }],
    ["presence", { ...at, watch: true }],
    ["history", { ...at, limit: 1 }],
    ["publish", { ...at, type: "said", payload: { n: 2 }, key: "k" }],
    ["subscribe", at],
    ["unsubscribe", at],
  ];
  for (const [index, [type, payload]] of requests.entries()) client.send({ type, payload, id: index });
  const arrived: Arrival[] = [];
  while (arrived.at(-1)?.type !== "unsubscribed") arrived.push(await client.next());
  const answers = arrived.filter(({ id }) => id !== undefined);
  const payloads = answers
    .slice(0, 6)
    .map(({ type, payload }) => (type === "error" ? codeOf({ type, payload }) : payload));
  expect(inMemory.payloads).toEqual(withoutEpochs(payloads));
  expect(inMemory.unread).toEqual(arrived.filter(({ id }) => id === undefined));
  expect(inMemory.unread.map(({ offset }) => offset)).toEqual([1, 2]);
});

const dials: readonly { readonly path: string; readonly token?: string }[] = [
  { path: "/ws/rooms/lobby" },
  { path: "/ws/rooms/lobby", token: "no token" },
  { path: "/ws/rooms/lobby", token: signToken({ sub: "ana", exp: inSeconds(-60) }) },
  { path: "/ws/rooms/closed", token },
  { path: "/ws/rooms/a%2Fb", token },
  { path: "/ws/rooms/lobby?token=a&token=b" },
  { path: "/ws/nowhere" },
];

test.each(dials)("P24: a refusal at $path looks the same to the test client and on a real socket", async (given) => {
  const app = createChat();
  const refusedAs = async (as: "plain" | "tidings") => {
    await using server = await startTestApp(app);
    const error = await server.connect(given.path, { ...given, as }).catch((refused: unknown) => refused);
    if (error instanceof RefusedError) return error;
    throw new Error("It was not refused.", { cause: error });
  };
  const [plain, ours] = [await refusedAs("plain"), await refusedAs("tidings")];
  await using _ = app;
  const { url } = await app.listen(0);
  const real = await dialRefused(url + given.path, given);
  const { code, message } = real.body as { readonly code: string; readonly message: string };
  expect({ status: plain.status, code: plain.code }).toEqual({ status: real.status, code });
  expect(plain.message).toBe(`${given.path} was refused: ${real.status} ${code}. ${message}`);
  expect(real.headers).toMatchObject(plain.headers);
  expect(plain.closeCode).toBe(1006);
  const client = await dial(url + given.path, { ...given, protocols: ["tidings.v1"] });
  expect(await client.closed).toEqual({ code: ours.closeCode, reason: ours.code });
});

test("P24: the frames of a raw endpoint are the same in memory and on a real socket", async () => {
  const app = createChat();
  const sent = [
    "",
    "text",
    "ż👩‍👧",
    Buffer.alloc(0),
    Buffer.of(0, 1, 255),
    "x".repeat(65_536),
    Buffer.alloc(65_536, 7),
  ];
  {
    await using server = await startTestApp(app);
    const client = await server.connect<typeof echo>("/ws/echo");
    for (const frame of sent) client.send(frame);
    for (const frame of sent) expect(sameFrame(await client.next(), frame)).toBe(true);
    client.send("x".repeat(65_537));
    expect(await client.closed).toEqual({ code: 1009, reason: "message_too_big" });
  }
  await using _ = app;
  const { url } = await app.listen(0);
  const client = await dial(`${url}/ws/echo`);
  for (const frame of sent) {
    if (typeof frame === "string") client.sendText(frame);
    else client.sendBinary(frame);
  }
  for (const frame of sent) expect(sameFrame(await client.nextFrame(), frame)).toBe(true);
  client.sendText("x".repeat(65_537));
  expect(await client.closed).toEqual({ code: 1009, reason: "message_too_big" });
});

const account = session({ lookup: (id) => (id === "ana's" ? { id: "ana" } : undefined) });
const me = endpoint("/ws/me", { auth: account, receives: { who: z.object({}) }, on: { who: ({ user }) => user.id } });
const anyRoom = endpoint("/ws/any", { auth: firstOf(jwt({ secret }), account) });

test.each([
  { path: "/ws/me", session: "ana's", origin: undefined, refused: undefined },
  { path: "/ws/me", session: "ana's", origin: "own", refused: undefined },
  { path: "/ws/me", session: "ana's", origin: "https://app.example", refused: undefined },
  { path: "/ws/me", session: "ana's", origin: "https://evil.example", refused: "origin_not_allowed" },
  { path: "/ws/me", session: "ana's", origin: "null", refused: "origin_not_allowed" },
  { path: "/ws/me", session: "nobody's", origin: "own", refused: "unauthorized" },
  { path: "/ws/me", session: undefined, origin: "own", refused: "unauthorized" },
  { path: `/ws/any?token=${token}`, session: undefined, origin: "own", refused: undefined },
  { path: `/ws/any?token=${token}`, session: undefined, origin: "https://evil.example", refused: "origin_not_allowed" },
])(
  "P8: the cookie $session from the origin $origin at $path counts the same in memory and on a real socket",
  async (given) => {
    const app = createApp({ endpoints: [me, anyRoom], origins: ["https://app.example"], logger: new LogRecorder() });
    const inMemory: unknown[] = [];
    for (const as of ["plain", "browser", "tidings"] as const) {
      await using server = await startTestApp(app);
      const origin = given.origin === "own" ? "http://localhost" : given.origin;
      const cookies = given.session === undefined ? undefined : { session_id: given.session };
      const entered = await server.connect(given.path, { as, origin, cookies }).catch((error: unknown) => error);
      if (!(entered instanceof RefusedError)) inMemory.push("in");
      else inMemory.push(as === "browser" ? entered.closeCode : entered.code);
    }
    await using _ = app;
    const { url } = await app.listen(0);
    const headers = {
      ...(given.origin !== undefined && { origin: given.origin === "own" ? url : given.origin }),
      ...(given.session !== undefined && { cookie: `session_id=${encodeURIComponent(given.session)}` }),
    };
    const onSocket =
      given.refused === undefined
        ? await dial(url + given.path, { headers }).then(() => "in")
        : await dialRefused(url + given.path, { headers }).then(({ body }) => (body as { readonly code: string }).code);
    expect(onSocket).toBe(given.refused ?? "in");
    // A page without an Origin of its own choosing has one: the server's.
    expect(inMemory).toEqual([onSocket, given.refused === undefined ? "in" : 1006, onSocket]);
  },
);

test("P24: time passes only as a test says", async () => {
  const app = createChat();
  await using server = await startTestApp(app, { limits: { auth: "1h" } });
  const soon = signToken({ sub: "ana", exp: inSeconds(600) });
  await server.connect<typeof rooms>("/ws/rooms/lobby", { token: soon });
  await server.clock.advance("11m");
  await expect(server.connect("/ws/rooms/lobby", { token: soon })).rejects.toMatchObject({ code: "token_expired" });
});

test("P24: a started app can't be started by a test, and after its close it starts again, empty", async () => {
  const app = createChat();
  {
    await using _ = app;
    const { url } = await app.listen(0);
    await dial(`${url}/ws/echo`);
    await expect(startTestApp(app)).rejects.toMatchObject({ code: "already_started" });
  }
  await using server = await startTestApp(app);
  expect(server.app.stats()).toMatchObject({ connections: 0, connectionsOpened: 0 });
});

/** Each start of an app has its own. */
function withoutEpochs(payloads: readonly unknown[]): unknown {
  return JSON.parse(JSON.stringify(payloads).replace(/"epoch":"[^"]+"/g, '"epoch":"…"'));
}

function sameFrame(one: string | Uint8Array, other: string | Uint8Array): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return Buffer.from(one).equals(other);
}
