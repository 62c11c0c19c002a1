import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect as connectTcp, type Socket as TcpSocket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import zlib from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import { deflateFrame } from "../../src/delivery/deflate.js";
import { encodePingFrame, encodePongFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import { WsTransport } from "../../src/transport/ws.js";
import { frame } from "../support/raw-client.js";
import { RecordingListener } from "../support/recording-listener.js";
import { tlsCertificate } from "./tls-certificate.js";
import { othersTalk, roomy } from "./transport.js";
import { openWsDriver } from "./ws-driver.js";

/** A peer that never answers a close frame is not waited for. */
const impatient = { ...roomy, closeMs: 20 };

const handshake = [
  "GET /ws HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** Sees each zlib stream that is made to inflate, while the test runs. */
function watchInflating() {
  const created = vi.spyOn(zlib, "createInflateRaw");
  onTestFinished(() => created.mockRestore());
  return created;
}

/** A frame as a client sends it: masked, here with zeros, which leave the payload as it is. */
function clientFrame(opcode: number, payload: string | Uint8Array, isFinal = true): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.of((isFinal ? 0x80 : 0) | opcode, 0x80 | bytes.length, 0, 0, 0, 0), bytes]);
}

/** A peer that says over TCP what it is told to, and its upgrade. */
async function dialRaw(extraHeaders: readonly string[] = [], after: Uint8Array = Buffer.alloc(0)) {
  const driver = await openWsDriver();
  const upgrading = driver.nextUpgrade();
  const peer = connectTcp(driver.port, "127.0.0.1");
  peer.on("error", () => {});
  peer.write(Buffer.concat([Buffer.from([...handshake, ...extraHeaders, "", ""].join("\r\n")), after]));
  return { driver, peer, ...(await upgrading) };
}

/** Everything the peer is sent, to the end of the connection. */
async function readAll(peer: TcpSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of peer) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The code and reason of the close frame at the end of what was read. */
function closeFrameIn(bytes: Buffer): { code: number; reason: string } {
  const start = bytes.lastIndexOf(0x88);
  return { code: bytes.readUInt16BE(start + 2), reason: bytes.subarray(start + 4).toString() };
}

test.each(["end", "resetAndDestroy"] as const)("a peer that hung up before it was accepted (%s)", async (how) => {
  const { driver, peer, upgrade, stream } = await dialRaw();
  await using _ = driver;
  const hungUp = new Promise<void>((resolve) => stream.once(how === "end" ? "end" : "close", () => resolve()));
  peer[how]();
  await hungUp;
  expect(upgrade.isGone).toBe(true);
  let hasListened = false;
  const socket = upgrade.accept(roomy, () => {
    hasListened = true;
    return new RecordingListener();
  });
  expect(socket).toBeUndefined();
  expect(hasListened).toBe(false);
  expect(stream.destroyed).toBe(true);
});

test("a peer that hung up before it was refused", async () => {
  const { driver, peer, upgrade, stream } = await dialRaw();
  await using _ = driver;
  const hungUp = once(stream, "end");
  peer.end();
  await hungUp;
  upgrade.refuse({ status: 404, headers: {}, body: "" });
  expect(stream.destroyed).toBe(true);
  expect(upgrade.isGone).toBe(true);
});

test("a frame that came in one packet with the handshake is heard, after `accept` has returned", async () => {
  const { driver, upgrade } = await dialRaw([], clientFrame(1, "early"));
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept(roomy, () => heard);
  expect(heard.calls).toEqual([]);
  expect(await heard.next()).toEqual(["text", "early"]);
});

test("headers of one name are joined, as node:http does", async () => {
  const { driver, upgrade } = await dialRaw(["X-One: a", "x-one: b", "Cookie: a=1", "Cookie: b=2"]);
  await using _ = driver;
  expect(upgrade.header("x-one")).toBe("a, b");
  expect(upgrade.header("cookie")).toBe("a=1; b=2");
  expect(upgrade.rawHeaders).toEqual(expect.arrayContaining(["X-One", "a", "x-one", "b"]));
});

test("an upgrade over TLS is secure", async () => {
  const server = createTlsServer(tlsCertificate);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const upgrading = once(server, "upgrade") as Promise<[IncomingMessage, Duplex, Buffer]>;
  const { port } = server.address() as AddressInfo;
  const peer = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  peer.on("error", () => {});
  peer.write([...handshake, "", ""].join("\r\n"));
  const upgrade = new WsTransport().upgrade(...(await upgrading));
  expect(upgrade.isSecure).toBe(true);
  const socket = upgrade.accept(impatient, () => new RecordingListener());
  socket?.write(encodeTextFrame("safe"));
  socket?.close(4000, "");
  expect((await readAll(peer)).includes("safe")).toBe(true);
  server.close();
  await once(server, "close");
});

test.each([
  ["text that is not UTF-8", clientFrame(1, Uint8Array.of(0xff)), 1007, "invalid_data"],
  ["an unmasked frame", Buffer.of(0x81, 0x01, 0x61), 1002, "protocol_error"],
  ["a reserved opcode", clientFrame(3, "x"), 1002, "protocol_error"],
])("%s closes with its word", async (_, frame, code, reason) => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _driver = driver;
  const heard = new RecordingListener();
  upgrade.accept(impatient, () => heard);
  peer.write(frame);
  expect(closeFrameIn(await readAll(peer))).toEqual({ code, reason });
  await heard.whenClosed();
  expect(heard.calls[0]).toEqual(["closing", code, reason]);
  expect(heard.calls.map(([name]) => name)).toEqual(["closing", "closed"]);
});

test("a message may have as many frames as it is allowed, and closes with 1008 past it", async () => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept({ ...impatient, fragments: 3 }, () => heard);
  const first = clientFrame(1, "a", false);
  const more = clientFrame(0, "b", false);
  peer.write(Buffer.concat([first, more, clientFrame(0, "c")]));
  expect(await heard.next()).toEqual(["text", "abc"]);
  peer.write(Buffer.concat([first, more, more, clientFrame(0, "d")]));
  expect(closeFrameIn(await readAll(peer))).toMatchObject({ code: 1008 });
  expect(await heard.next()).toMatchObject(["closing", 1008, expect.any(String)]);
});

test("endpoints with different limits keep their own", async () => {
  await using driver = await openWsDriver();
  const codes: number[] = [];
  for (const messageSize of [10, 20, 10]) {
    const { upgrade, answer } = await driver.dial();
    upgrade.accept({ ...roomy, messageSize }, () => new RecordingListener());
    const answered = await answer;
    if (!("peer" in answered)) throw new Error("refused");
    answered.peer.send("x".repeat(15));
    answered.peer.close(4000);
    codes.push((await answered.peer.closed).code);
  }
  expect(codes).toEqual([1009, 4000, 1009]);
});

test("a peer that does not answer a close frame is cut off after `closeMs`", async () => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  const heard = new RecordingListener();
  const socket = upgrade.accept(impatient, () => heard);
  socket?.close(4000, "bye");
  expect(closeFrameIn(await readAll(peer))).toEqual({ code: 4000, reason: "bye" });
  expect(await heard.whenClosed()).toEqual([["closed", 1006, ""]]);
});

test.each(["we close", "the peer closes"])("nothing is written behind the close frame when %s", async (who) => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  const heard = new RecordingListener();
  const socket = upgrade.accept(impatient, () => heard);
  heard.onClosing = () => queueMicrotask(() => socket?.write(encodeTextFrame("too late")));
  const sent = readAll(peer);
  socket?.write(encodeTextFrame("before"));
  if (who === "we close") {
    socket?.close(4000, "bye");
    socket?.write(encodeTextFrame("too late"));
  } else {
    peer.write(clientFrame(8, Buffer.of(0x0f, 0xa0)));
  }
  const bytes = await sent;
  expect(bytes.includes("before")).toBe(true);
  expect(bytes.includes("too late")).toBe(false);
  await heard.whenClosed();
});

test("a refusal ends the connection, and nothing of it is kept alive", async () => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  upgrade.refuse({ status: 403, headers: { "content-type": "text/plain" }, body: "né" });
  const answer = (await readAll(peer)).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(answer).toMatch(/\r\ncontent-length: 3\r\n/i);
  expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  expect(answer).toMatch(/\r\n\r\nné$/);
});

test("a pong that nobody asked for is heard", async () => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept(roomy, () => heard);
  peer.write(Buffer.concat([clientFrame(10, "I am here"), clientFrame(10, ""), clientFrame(1, "hi")]));
  for (const expected of [["pong"], ["pong"], ["text", "hi"]]) expect(await heard.next()).toEqual(expected);
});

test("a ping between the frames of one message is heard before it, and does not end it", async () => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept(roomy, () => heard);
  peer.write(Buffer.concat([clientFrame(1, "a", false), clientFrame(9, "now"), clientFrame(0, "b")]));
  expect(await heard.next()).toEqual(["ping", "now"]);
  expect(await heard.next()).toEqual(["text", "ab"]);
});

test("pings and pongs are sent byte for byte as they were written, and a ping gets no other answer", async () => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _ = driver;
  const heard = new RecordingListener();
  const socket = upgrade.accept(impatient, () => heard);
  peer.write(clientFrame(9, "are you there?"));
  await heard.next();
  const written = [encodePingFrame(), encodeTextFrame("hi"), encodePongFrame(Buffer.from("data"))];
  for (const frame of written) socket?.write(frame);
  socket?.close(4000, "");
  const bytes = await readAll(peer);
  const frames = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
  expect(frames).toEqual(Buffer.concat([...written, Buffer.of(0x88, 2, 0x0f, 0xa0)]));
});

test.each([
  ["a ping of more than 125 bytes", Buffer.concat([Buffer.of(0x89, 0xfe, 0, 126, 0, 0, 0, 0), Buffer.alloc(126)])],
  ["a ping in pieces", clientFrame(9, "x", false)],
])("%s breaks the protocol", async (_, frame) => {
  const { driver, peer, upgrade } = await dialRaw();
  await using _driver = driver;
  const heard = new RecordingListener();
  upgrade.accept(impatient, () => heard);
  peer.write(frame);
  expect(closeFrameIn(await readAll(peer))).toEqual({ code: 1002, reason: "protocol_error" });
  await heard.whenClosed();
  expect(heard.calls.map(([name]) => name)).toEqual(["closing", "closed"]);
});

const offered = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"];
const compressing = { ...impatient, compression: true };

/** What a compressed frame carries. */
function deflate(text: string | Uint8Array): Buffer {
  const deflated = deflateFrame(Buffer.from(text));
  return deflated.subarray(deflated.readUInt8(1) < 126 ? 2 : 4);
}

/** A compressed text as a client sends it. */
function compressedClientFrame(text: string): Buffer {
  return frame({ payload: deflate(text), reserved: 4 });
}

test("where compression is negotiated, all is sent byte for byte as it was written, and the close frame as ever", async () => {
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _ = driver;
  const socket = upgrade.accept(compressing, () => new RecordingListener());
  const written = [encodeTextFrame("x".repeat(2_000)), deflateFrame(Buffer.from("y".repeat(2_000))), encodePingFrame()];
  for (const bytes of written) socket?.write(bytes);
  socket?.close(4000, "a reason");
  const bytes = await readAll(peer);
  const frames = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
  expect(frames).toEqual(Buffer.concat([...written, Buffer.of(0x88, 10, 0x0f, 0xa0), Buffer.from("a reason")]));
});

const compressedBreaches = [
  ["a message that inflates past its size", compressedClientFrame("x".repeat(60_000)), 1009, "message_too_big"],
  ["one in pieces that do together", inPieces("x".repeat(20_000)), 1009, "message_too_big"],
  ["what can't be inflated", clientFrame(0x41, Buffer.alloc(20, 0xff)), 1007, "invalid_data"],
  ["compressed text that is not UTF-8", clientFrame(0x41, deflate(Buffer.alloc(9, 0xff))), 1007, "invalid_data"],
  ["a compressed ping", clientFrame(0x49, "x"), 1002, "protocol_error"],
] as const;

test.each(compressedBreaches)("%s closes with its word", async (_, sent, code, reason) => {
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _driver = driver;
  const heard = new RecordingListener();
  upgrade.accept({ ...compressing, messageSize: 10_000 }, () => heard);
  peer.write(sent);
  expect(closeFrameIn(await readAll(peer))).toEqual({ code, reason });
  expect(await heard.whenClosed()).toEqual([
    ["closing", code, reason],
    ["closed", code, reason],
  ]);
});

test.each(compressedBreaches)("%s leaves no zlib stream behind", async (_, sent) => {
  const created = watchInflating();
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _driver = driver;
  const heard = new RecordingListener();
  upgrade.accept({ ...compressing, messageSize: 10_000 }, () => heard);
  peer.write(sent);
  await readAll(peer);
  await heard.whenClosed();
  for (const { value: stream } of created.mock.results) expect(stream.destroyed).toBe(true);
});

/** Ten frames, each of which inflates to a tenth of the text. */
function inPieces(text: string): Buffer {
  const deflated = deflate(text);
  const size = Math.ceil(deflated.length / 10);
  const pieces = Array.from({ length: 10 }, (_, number) => deflated.subarray(number * size, (number + 1) * size));
  return Buffer.concat(
    pieces.map((piece, number) => clientFrame(number === 0 ? 0x41 : 0, piece, number === pieces.length - 1)),
  );
}

test("a compressed message may come in pieces, with a ping between them", async () => {
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept(compressing, () => heard);
  const text = "x".repeat(20_000);
  const pieces = inPieces(text);
  const first = 6 + (pieces.readUInt8(1) & 0x7f);
  peer.write(Buffer.concat([pieces.subarray(0, first), clientFrame(9, "now")]));
  expect(await heard.next()).toEqual(["ping", "now"]);
  peer.write(pieces.subarray(first));
  expect(await heard.next()).toEqual(["text", text]);
});

test("a connection holds no zlib stream when its messages are inflated, and one for what came together", async () => {
  const created = watchInflating();
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept(compressing, () => heard);
  for (const rounds of [1, 2]) {
    const texts = ["one", "two", "three"].map((word) => word.repeat(1_000));
    peer.write(Buffer.concat(texts.map(compressedClientFrame)));
    for (const text of texts) expect(await heard.next()).toEqual(["text", text]);
    expect(created).toHaveBeenCalledTimes(rounds);
    for (const { value: stream } of created.mock.results) expect(stream.destroyed).toBe(true);
  }
});

test("a zlib stream that is closed is kept by nobody, though its connection stays", async () => {
  const created = watchInflating();
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _ = driver;
  const heard = new RecordingListener();
  upgrade.accept(compressing, () => heard);
  peer.write(compressedClientFrame("x".repeat(1_000)));
  expect(await heard.next()).toEqual(["text", "x".repeat(1_000)]);
  const streams = created.mock.results.map(({ value }) => new WeakRef<object>(value));
  created.mockClear();
  // Its end takes some turns, and so long it is held here too.
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(streams.map((stream) => stream.deref())).toEqual([undefined]);
});

test("what comes after we have closed is not inflated, and the peer's close frame is seen behind it", async () => {
  const created = watchInflating();
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _ = driver;
  const heard = new RecordingListener();
  const socket = upgrade.accept({ ...compressing, closeMs: 5_000 }, () => heard);
  socket?.close(4000, "enough");
  for (let times = 0; times < 20; times += 1) peer.write(compressedClientFrame("x".repeat(60_000)));
  peer.write(clientFrame(8, Buffer.of(0x0f, 0xa0)));
  expect(await heard.next()).toEqual(["closed", 4000, ""]);
  expect(created).not.toHaveBeenCalled();
});

test("a connection that negotiated compression and sends nothing compressed has no zlib stream at all", async () => {
  const inflating = vi.spyOn(zlib, "createInflateRaw");
  const deflating = vi.spyOn(zlib, "createDeflateRaw");
  onTestFinished(() => {
    inflating.mockRestore();
    deflating.mockRestore();
  });
  const { driver, peer, upgrade } = await dialRaw(offered);
  await using _ = driver;
  const heard = new RecordingListener();
  const socket = upgrade.accept(compressing, () => heard);
  peer.write(clientFrame(1, "plain"));
  await heard.next();
  socket?.write(deflateFrame(Buffer.from("y".repeat(2_000))));
  socket?.close(4000, "");
  await readAll(peer);
  expect(inflating).not.toHaveBeenCalled();
  expect(deflating).not.toHaveBeenCalled();
});

/** A socket that is paused by the first of many compressed messages that came together: 30 of 60 KB each in 3 KB. */
async function pausedByTheFirst() {
  const { driver, peer, upgrade } = await dialRaw(offered);
  const heard = new RecordingListener();
  const hear = heard.text.bind(heard);
  const socket = upgrade.accept({ ...compressing, closeMs: 5_000 }, (accepted) => {
    heard.text = (text) => {
      if (heard.calls.length === 0) accepted.pause();
      hear(text);
    };
    return heard;
  });
  const texts = Array.from({ length: 30 }, (_, number) => `${number} ${"x".repeat(60_000)}`);
  peer.write(Buffer.concat(texts.map(compressedClientFrame)));
  await heard.next();
  await othersTalk(driver);
  return { driver, peer, heard, socket, texts };
}

test("what one read held of compressed messages is not inflated while the socket is paused", async () => {
  const { driver, heard, socket, texts } = await pausedByTheFirst();
  await using _ = driver;
  expect(heard.calls).toEqual([["text", texts[0]]]);
  socket?.resume();
  for (const text of texts.slice(1)) expect(await heard.next()).toEqual(["text", text]);
});

test("a socket whose messages are held back can be closed, and they are not heard", async () => {
  const { driver, peer, heard, socket, texts } = await pausedByTheFirst();
  await using _ = driver;
  peer.resume();
  socket?.close(4000, "");
  peer.write(clientFrame(8, Buffer.of(0x0f, 0xa0)));
  expect(await heard.whenClosed()).toEqual([
    ["text", texts[0]],
    ["closed", 4000, ""],
  ]);
});

test("a socket whose messages are held back can be terminated, and they are not heard", async () => {
  const { driver, heard, socket, texts } = await pausedByTheFirst();
  await using _ = driver;
  socket?.terminate();
  expect(await heard.whenClosed()).toEqual([
    ["text", texts[0]],
    ["closed", 1006, ""],
  ]);
});

test("a socket whose messages are held back is closed when its peer is lost", async () => {
  const { driver, peer, heard, socket } = await pausedByTheFirst();
  await using _ = driver;
  peer.resetAndDestroy();
  // A paused socket sees only by writing that nobody is there.
  while (!heard.calls.some(([name]) => name === "closed")) {
    socket?.write(encodePingFrame());
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await heard.whenClosed();
});
