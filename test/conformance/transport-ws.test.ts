import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect as connectTcp, type Socket as TcpSocket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { encodePingFrame, encodePongFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import { WsTransport } from "../../src/transport/ws.js";
import { RecordingListener } from "../support/recording-listener.js";
import { tlsCertificate } from "./tls-certificate.js";
import { roomy } from "./transport.js";
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
