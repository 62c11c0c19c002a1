import { channel, endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { Inbox } from "../support/inbox.js";
import { closePayload, frame, opcodes, openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const everyone = channel("everyone", { events: { said: z.object({ text: z.string() }) } });

function createEndpoints(closes = new Inbox<unknown>("close")) {
  const room = endpoint("/ws/room", {
    channels: [everyone],
    receives: { say: z.object({ text: z.string() }) },
    open: ({ connection }) => connection.join(everyone()),
    on: { say: (_, { text }) => text.length },
    close: (_, closed) => closes.put(closed),
  });
  const raw = rawEndpoint("/ws/raw", {
    text: ({ connection }, text) => void connection.send(text),
    close: (_, closed) => closes.put(closed),
  });
  return [room, raw];
}

const { continuation, text, binary, close, ping, pong } = opcodes;
const broken = { code: 1002, reason: "protocol_error" };
const invalid = { code: 1007, reason: "invalid_data" };
const tooBig = { code: 1009, reason: "message_too_big" };
const half = Buffer.from("ż").subarray(0, 1);

/** By name: the frames, and the close that answers them. */
const badFrames: readonly (readonly [string, readonly Buffer[], typeof broken])[] = [
  ["a frame without a mask", [frame({ payload: "x", isMasked: false })], broken],
  ["a ping without a mask", [frame({ opcode: ping, isMasked: false })], broken],
  ["an empty frame without a mask", [frame({ isMasked: false })], broken],
  ["the first reserved bit, without compression", [frame({ payload: "x", reserved: 4 })], broken],
  ["the second reserved bit", [frame({ payload: "x", reserved: 2 })], broken],
  ["the third reserved bit", [frame({ payload: "x", reserved: 1 })], broken],
  ["all reserved bits", [frame({ payload: "x", reserved: 7 })], broken],
  ["a reserved bit of a ping", [frame({ opcode: ping, reserved: 4 })], broken],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode) => [`the reserved opcode ${opcode}`, [frame({ opcode, payload: "x" })], broken] as const,
  ),
  ["a continuation of nothing", [frame({ opcode: continuation, payload: "x" })], broken],
  ["a continuation that does not end, of nothing", [frame({ opcode: continuation, isFinal: false })], broken],
  [
    "a message within a message",
    [frame({ payload: "x", isFinal: false }), frame({ opcode: text, payload: "x" })],
    broken,
  ],
  [
    "a binary message within a text message",
    [frame({ payload: "x", isFinal: false }), frame({ opcode: binary, payload: "x" })],
    broken,
  ],
  ["a ping in fragments", [frame({ opcode: ping, isFinal: false })], broken],
  ["a close in fragments", [frame({ opcode: close, isFinal: false })], broken],
  ["a ping that is too long", [frame({ opcode: ping, payload: "x".repeat(126) })], broken],
  ["a pong that is too long", [frame({ opcode: pong, payload: "x".repeat(126) })], broken],
  ["a close that is too long", [frame({ opcode: close, payload: closePayload(1000, "x".repeat(124)) })], broken],
  ["a close with half a code", [frame({ opcode: close, payload: Buffer.of(3) })], broken],
  ["a close with a code that is never sent", [frame({ opcode: close, payload: closePayload(1006) })], broken],
  ["a close whose reason is not UTF-8", [frame({ opcode: close, payload: closePayload(1000, half) })], invalid],
  ["a byte that is not UTF-8", [frame({ payload: Buffer.of(0xff) })], invalid],
  ["half a character", [frame({ payload: half })], invalid],
  ["an overlong character", [frame({ payload: Buffer.of(0xc0, 0xaf) })], invalid],
  ["half a surrogate pair", [frame({ payload: Buffer.of(0xed, 0xa0, 0x80) })], invalid],
  ["a code point past the last", [frame({ payload: Buffer.of(0xf4, 0x90, 0x80, 0x80) })], invalid],
  [
    "half a character at the end of the fragments",
    [frame({ payload: "x", isFinal: false }), frame({ opcode: continuation, payload: half })],
    invalid,
  ],
  ["a message a byte too long", [frame({ payload: "x".repeat(65_537) })], tooBig],
  ["the promise of a message too long", [frame({ length: 65_537 })], tooBig],
  ["the promise of four gigabytes", [frame({ length: 2 ** 32 })], tooBig],
  ["the promise of all there is", [frame({ length: 2 ** 53 })], tooBig],
  [
    "fragments that are too long together",
    [
      frame({ payload: "x".repeat(40_000), isFinal: false }),
      frame({ opcode: continuation, payload: "x".repeat(40_000) }),
    ],
    tooBig,
  ],
];

test.each(badFrames)("%s closes the connection, and no other", async (_, frames, closed) => {
  for (const path of ["/ws/room", "/ws/raw"]) {
    const closes = new Inbox<unknown>("close");
    await using server = await serve({ endpoints: createEndpoints(closes) });
    const other = await dial(`${server.url}/ws/room`);
    await other.takeAll();
    using raw = await openRaw(server.url + path);
    for (const each of frames) raw.write(each);
    expect(await raw.nextClose()).toEqual(closed);
    expect(await closes.next()).toEqual(closed);
    expect(await other.takeAll()).toEqual([]);
    expect(await other.ask("say", { text: "hi" })).toMatchObject({ payload: 2 });
    expect(server.errors.unread).toEqual([]);
  }
});

test.each([
  ["text", "x".repeat(1_025), tooBig],
  ["text that takes more bytes than characters", "ż".repeat(513), tooBig],
])("an endpoint's own limit counts bytes: %s", async (_, payload, closed) => {
  const small = rawEndpoint("/ws/small", {
    limits: { messageSize: "1kb" },
    text: ({ connection }, received) => void connection.send(received),
  });
  await using server = await serve({ endpoints: [small], limits: { messageSize: "1mb" } });
  const client = await dial(`${server.url}/ws/small`);
  client.sendText("x".repeat(1_024));
  expect(await client.nextText()).toHaveLength(1_024);
  client.sendText(payload);
  expect(await client.closed).toEqual(closed);
});

test("a message of the very size that is allowed is taken", async () => {
  await using server = await serve({ endpoints: createEndpoints() });
  const client = await dial(`${server.url}/ws/room`);
  const empty = JSON.stringify({ type: "say", payload: { text: "" }, id: 1 }).length;
  const longest = 65_536 - empty;
  expect(await client.ask("say", { text: "x".repeat(longest) }, 1)).toMatchObject({ payload: longest });
  client.send({ type: "say", payload: { text: "x".repeat(longest + 1) }, id: 1 });
  expect(await client.closed).toEqual(tooBig);
});

test("more fragments than are allowed close with 1008", async () => {
  await using server = await serve({ endpoints: createEndpoints() });
  const fragments = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, n) =>
        frame({ opcode: n === 0 ? text : continuation, payload: "x", isFinal: n === count - 1 }),
      ),
    );
  using raw = await openRaw(`${server.url}/ws/raw`);
  raw.write(fragments(1_024));
  expect((await raw.nextFrame()).payload.length).toBe(1_024);
  raw.write(fragments(1_025));
  expect((await raw.nextClose()).code).toBe(1008);
});

test.each([0, 1, 100])("a binary frame of %d bytes at an endpoint of messages closes with 1003", async (size) => {
  await using server = await serve({ endpoints: createEndpoints() });
  const [client, other] = [await dial(`${server.url}/ws/room`), await dial(`${server.url}/ws/room`)];
  client.sendBinary(new Uint8Array(size));
  client.send({ type: "say", payload: { text: "too late" }, id: 1 });
  expect(await client.closed).toEqual({ code: 1003, reason: "unsupported_data" });
  expect(client.unread).toEqual([]);
  expect(await other.takeAll()).toEqual([]);
});

test("what a peer sends after its bad frame is not handled, and what came before is answered", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: createEndpoints(closes) });
  using raw = await openRaw(`${server.url}/ws/raw`);
  raw.write(Buffer.concat([frame({ payload: "before" }), frame({ reserved: 1 }), frame({ payload: "after" })]));
  expect(await raw.nextFrame()).toEqual({ opcode: text, payload: Buffer.from("before") });
  expect(await raw.nextFrame()).toMatchObject({ opcode: close });
  await expect(raw.nextFrame()).rejects.toThrow("the connection ended");
  expect(await closes.next()).toEqual(broken);
});

test("half a frame and then nothing more is a lost connection", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: createEndpoints(closes) });
  using raw = await openRaw(`${server.url}/ws/raw`);
  raw.write(frame({ payload: "unfinished" }).subarray(0, 9));
  raw.end();
  expect(await closes.next()).toEqual({ code: 1006, reason: "" });
});

test("a frame that comes byte by byte is a frame", async () => {
  await using server = await serve({ endpoints: createEndpoints() });
  using raw = await openRaw(`${server.url}/ws/raw`);
  for (const byte of frame({ payload: "żółć" })) raw.write(Uint8Array.of(byte));
  expect(await raw.nextFrame()).toEqual({ opcode: text, payload: Buffer.from("żółć") });
});

test("a ping is answered with its own bytes, at every kind of endpoint", async () => {
  await using server = await serve({ endpoints: createEndpoints() });
  for (const path of ["/ws/room", "/ws/raw"]) {
    using raw = await openRaw(server.url + path);
    raw.write(frame({ opcode: pong, payload: "nobody asked" }));
    raw.write(frame({ opcode: ping, payload: Buffer.of(0, 255) }));
    expect(await raw.nextFrame()).toEqual({ opcode: pong, payload: Buffer.of(0, 255) });
  }
});
