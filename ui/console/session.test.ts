import { expect, test } from "vitest";
import type { EndpointDoc } from "./api.js";
import { dialOf, type Entry } from "./dial.js";
import { Session, type Socket } from "./session.js";

test("as tidings.v1 it says connect first, is in when it is told so, and answers each ping", () => {
  const { session, socket } = dialled({ token: "s3cret", place: "message" });
  socket.accept("tidings.v1");
  expect(session.status.value).toBe("entering");
  expect(socket.said).toEqual([{ type: "connect", payload: { token: "s3cret" } }]);
  socket.hear({ type: "connected", payload: { connection: "c", heartbeatMs: 1, user: { id: "alice" } } });
  expect([session.status.value, session.user.value, session.openedAtMs.value]).toEqual(["open", "alice", 0]);
  socket.hear({ type: "ping" });
  expect(socket.said.at(-1)).toEqual({ type: "pong" });
});

test("as a plain client it is open at once, or after its credential where that comes by message", () => {
  const open = dialled({ speaks: "plain" });
  open.socket.accept("");
  expect([open.session.status.value, open.socket.said]).toEqual(["open", []]);
  const byMessage = dialled({ speaks: "plain", token: "t", place: "message" });
  byMessage.socket.accept("");
  expect(byMessage.socket.said).toEqual([{ type: "auth", payload: { token: "t" } }]);
  expect(byMessage.session.status.value).toBe("entering");
  byMessage.socket.hear({ type: "auth_success", payload: { user: { id: "bob" } } });
  expect([byMessage.session.status.value, byMessage.session.user.value]).toEqual(["open", "bob"]);
});

test.each(["s3cret", 'pa"ss\\word', "é"])("no token is in the log, however it is sent: %s", (token) => {
  const { session, socket } = dialled({ token, place: "message" });
  socket.accept("tidings.v1");
  session.say("auth", { token }, { withId: false });
  session.sendText(`{ "type": "auth", "id": 7, "payload": { "token": ${JSON.stringify(token)} } }`);
  const inQuery = dialled({ token, place: "query" }).session;
  const frames = [session, inQuery].flatMap(({ log }) => log.filter(({ type }) => type !== "note"));
  expect(frames.map(({ text }) => text)).toEqual([
    '{"type":"connect","payload":{"token":"…"}}',
    '{"type":"auth","payload":{"token":"…"}}',
    '{"type":"auth","id":7,"payload":{"token":"…"}}',
  ]);
  expect(frames.map(({ preview }) => preview)).toEqual(Array(3).fill('{"token":"…"}'));
  const notes = [session, inQuery].flatMap(({ log }) => log.filter(({ type }) => type === "note"));
  expect(notes.map(({ text }) => text).join()).not.toContain(token);
});

test("a token that is a word of other frames too changes none of them", () => {
  const { session, socket } = dialled({ token: "alice", place: "message" });
  socket.accept("tidings.v1");
  socket.hear({ type: "connected", payload: { user: { id: "alice" } } });
  session.say("hello", { from: "alice" }, { withId: false });
  const texts = session.log.filter(({ type }) => type !== "note").map(({ text }) => text);
  expect(texts.slice(1)).toEqual([
    '{"type":"connected","payload":{"user":{"id":"alice"}}}',
    '{"type":"hello","payload":{"from":"alice"}}',
  ]);
});

test("the channel that is asked about is shown as that of an event is, and not twice", () => {
  const { session, socket } = entered();
  session.say("subscribe", { channel: "chat/a", rewind: 1 }, { withId: true });
  session.say("move", { channel: "of my own" }, { withId: false });
  socket.hear({ type: "subscribed", channel: "chat/a", id: 1, payload: {} });
  const frames = session.log.filter(({ type }) => type !== "note").slice(2);
  expect(frames.map(({ channel, preview }) => [channel, preview])).toEqual([
    ["chat/a", '{"rewind":1}'],
    [undefined, '{"channel":"of my own"}'],
    ["chat/a", "{}"],
  ]);
});

test("each answer goes to its question, whatever comes first, and one without an id to nobody", async () => {
  const { session, socket } = entered();
  const [first, second] = [session.say("a", 1, { withId: true }), session.say("b", 2, { withId: true })];
  expect(session.say("c", 3, { withId: false })).toBeUndefined();
  socket.nowMs = 40;
  socket.hear({ type: "error", id: 2, payload: { code: "internal" } });
  socket.hear({ type: "reply", id: 1, payload: null });
  socket.hear({ type: "error", payload: { code: "invalid_payload", type: "c" } });
  expect(await first).toMatchObject({ message: { type: "reply", payload: null }, tookMs: 40 });
  expect(await second).toMatchObject({ message: { type: "error", payload: { code: "internal" } } });
  expect(session.looseError.value).toMatchObject({ payload: { type: "c" } });
});

test("of a thousand that wait for an answer, one more has none, and nothing waits when it is closed", async () => {
  const { session, socket } = entered();
  const waiting = Array.from({ length: 1_000 }, () => session.say("a", 1, { withId: true }));
  expect(session.say("a", 1, { withId: true })).toBeUndefined();
  expect(socket.said.at(-1)).toEqual({ type: "a", payload: 1 });
  socket.close();
  expect((await Promise.all(waiting)).filter((answer) => answer?.message !== undefined)).toEqual([]);
  expect(session.say("a", 1, { withId: true })).toBeDefined();
});

test("when it is closed, what waits is lost, and the end is explained", async () => {
  const { session, socket } = entered();
  const answer = session.say("a", 1, { withId: true });
  socket.onclose?.({ code: 1008, reason: "token_expired" });
  expect(await answer).toMatchObject({ message: undefined });
  expect(session.end.value).toMatchObject({ label: "1008 token_expired", wasOpen: true, isHidden: false });
});

test("a refusal tells its reason to tidings.v1, and a plain client that it is kept from it", () => {
  const ours = dialled({});
  ours.socket.accept("tidings.v1");
  ours.socket.onclose?.({ code: 1008, reason: "unauthorized" });
  expect(ours.session.end.value).toMatchObject({ wasOpen: false, plain: expect.stringContaining("HTTP 401") });
  const plain = dialled({ speaks: "plain" });
  plain.socket.onclose?.({ code: 1006, reason: "" });
  expect(plain.session.end.value).toMatchObject({ wasOpen: false, isHidden: true });
  const closed = dialled({ speaks: "plain" });
  closed.socket.accept("");
  closed.socket.onclose?.({ code: 4003, reason: "forbidden" });
  expect(closed.session.end.value).toMatchObject({ wasOpen: false, isHidden: false, meaning: "This is not allowed." });
});

test("a raw endpoint hears no message of ours, and its frames are shown as they are", () => {
  const { session, socket } = dialled({}, "frames");
  socket.accept("tidings.v1");
  expect([session.status.value, socket.said]).toEqual(["open", []]);
  socket.hear({ type: "ping" });
  session.sendBytes(new Uint8Array([0, 255]));
  socket.onmessage?.({ data: new Uint8Array([1, 2]).buffer });
  expect(socket.said).toEqual([[0, 255]]);
  expect(session.log.filter(({ direction }) => direction !== "note").map(({ type, text }) => [type, text])).toEqual([
    ["text", '{"type":"ping"}'],
    ["binary", "00 ff"],
    ["binary", "01 02"],
  ]);
});

test("however much comes, the page is shown anew once a frame", () => {
  const { session, socket } = entered();
  socket.frame();
  const before = session.version.value;
  for (let count = 0; count < 1_000; count += 1) socket.hear({ type: "tick", channel: "prices/BTC", payload: {} });
  expect(session.version.value).toBe(before);
  socket.frame();
  expect(session.version.value).toBe(before + 1);
  expect(session.book.find("prices/BTC")).toMatchObject({ isOn: true, events: 1_000 });
});

test("what is no message, or no JSON, harms nothing", () => {
  const { session, socket } = entered();
  for (const text of ["", "{", "[]", "null", '{"type":7}', '{"type":"error"}', '{"type":"presence","channel":"a"}'])
    socket.onmessage?.({ data: text });
  expect(session.status.value).toBe("open");
});

function entered() {
  const made = dialled({});
  made.socket.accept("tidings.v1");
  made.socket.hear({ type: "connected", payload: {} });
  return made;
}

function dialled(given: Partial<Entry>, kind: EndpointDoc["kind"] = "messages") {
  const entry: Entry = {
    server: "ws://x",
    params: {},
    query: {},
    speaks: "tidings.v1",
    subprotocol: undefined,
    token: "",
    place: undefined,
    ...given,
  };
  const socket = new ScriptedSocket();
  const endpoint = { path: "/ws", kind, refuse: "http", credentials: [] as const } as unknown as EndpointDoc; // of which no more is looked at
  const session = new Session(1, endpoint, entry, dialOf(endpoint, entry), {
    open: () => socket,
    now: () => socket.nowMs,
    nextFrame: (run) => socket.frames.push(run),
    reached() {},
  });
  return { session, socket };
}

/** A socket whose other end is the test. */
class ScriptedSocket implements Socket {
  binaryType = "blob";
  protocol = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  nowMs = 0;
  readonly frames: (() => void)[] = [];
  /** Messages as objects, bytes as lists. */
  readonly said: unknown[] = [];

  send(data: string | Uint8Array): void {
    this.said.push(typeof data === "string" ? JSON.parse(data) : [...data]);
  }

  close(): void {
    this.onclose?.({ code: 1000, reason: "" });
  }

  accept(protocol: string): void {
    this.protocol = protocol;
    this.onopen?.();
  }

  hear(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  frame(): void {
    for (const run of this.frames.splice(0)) run();
  }
}
