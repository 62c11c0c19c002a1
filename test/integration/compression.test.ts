import { deflateRawSync } from "node:zlib";
import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";

const text = "The same words again, and again the same words. ".repeat(60);
const news = channel("news", { events: { item: z.object({ n: z.number(), text: z.string() }) } });
const feed = endpoint("/ws", { channels: [news], open: ({ connection }) => connection.join(news()) });

/** A client that offers compression, or does not, and the bytes that its socket has read. */
async function dialWith(url: string, perMessageDeflate: boolean) {
  const heard = new Inbox<{ readonly payload: { readonly n: number; readonly text: string } }>("messages");
  const socket = new WebSocket(url, { perMessageDeflate });
  socket.on("message", (data) => heard.put(JSON.parse(String(data))));
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const stream = (socket as unknown as { readonly _socket: { readonly bytesRead: number } })._socket; // no door of `ws` leads there
  return { socket, heard, bytesRead: () => stream.bytesRead, extensions: socket.extensions };
}

test("of those on one channel, who asked for it hears events compressed, the others as they are, all the same", async () => {
  await using server = await serve({ endpoints: [feed], compression: true });
  const url = `${server.url}/ws`.replace("http", "ws");
  const clients = [await dialWith(url, true), await dialWith(url, false), await dialWith(url, true)];
  expect(clients.map(({ extensions }) => extensions.startsWith("permessage-deflate"))).toEqual([true, false, true]);
  const before = clients.map(({ bytesRead }) => bytesRead());
  for (const n of [1, 2]) await server.app.publish(news(), "item", { n, text: n === 1 ? text : "short" });
  for (const { heard } of clients) {
    expect((await heard.next()).payload).toEqual({ n: 1, text });
    expect((await heard.next()).payload).toEqual({ n: 2, text: "short" });
  }
  const [compressed = 0, plain = 0, other = 0] = clients.map(
    ({ bytesRead }, index) => bytesRead() - (before[index] ?? 0),
  );
  expect(plain).toBeGreaterThan(text.length);
  expect(compressed).toBeLessThan(text.length / 4);
  expect(other).toBe(compressed);
  for (const { socket } of clients) socket.close();
});

test("without the option nothing is compressed, whoever asks", async () => {
  await using server = await serve({ endpoints: [feed] });
  const client = await dialWith(`${server.url}/ws`.replace("http", "ws"), true);
  expect(client.extensions).toBe("");
  await server.app.publish(news(), "item", { n: 1, text });
  expect((await client.heard.next()).payload).toEqual({ n: 1, text });
  expect(client.bytesRead()).toBeGreaterThan(text.length);
  client.socket.close();
});

test("`compression` is true or false: anything else is refused at start-up", () => {
  expect(() => createApp({ endpoints: [feed], compression: "yes" as never })).toThrow("true or false");
});

/** A compressed message in these frames, of a client that masks with zeros. */
function framesOf(...payloads: readonly Buffer[]): Buffer {
  const frames = payloads.map((payload, index) => {
    const opcode = index === 0 ? 0x41 : 0;
    const fin = index === payloads.length - 1 ? 0x80 : 0;
    const length = Buffer.from([0xfe, payload.length >> 8, payload.length & 0xff]);
    return Buffer.concat([Buffer.from([fin | opcode]), length, Buffer.alloc(4), payload]);
  });
  return Buffer.concat(frames);
}

/** A whole DEFLATE stream, whose last block says that it is the last. */
const whole = (said: string) => deflateRawSync(Buffer.from(said));
const many = (count: number) => Array.from({ length: count }, () => whole("x"));
const empty = Buffer.from([0]);

test.each<[string, readonly Buffer[], string]>([
  ["and the empty block behind it", [Buffer.concat([whole("Hello"), empty])], "Hello"],
  ["and nothing behind it", [whole("Hello")], "Hello"],
  ["and another behind it", [Buffer.concat([whole("Hel"), whole("lo")])], "Hello"],
  ["at the end of a frame", [whole("Hel"), whole("l"), Buffer.concat([whole("o"), empty])], "Hello"],
  [
    "in the midst of a frame",
    [
      Buffer.concat([whole("H"), whole("e"), whole("l").subarray(0, 1)]),
      Buffer.concat([whole("l").subarray(1), whole("lo")]),
    ],
    "Hello",
  ],
  ["and fifteen behind it", [Buffer.concat(many(16))], "x".repeat(16)],
  ["and more behind it than a message may have", [Buffer.concat(many(17))], "1007"],
  ["and no DEFLATE behind it", [Buffer.concat([whole("Hel"), Buffer.from("ffffff", "hex")])], "1007"],
  ["and more behind it than a message's size", [Buffer.concat([whole("x".repeat(60)), whole("x".repeat(60))])], "1009"],
])("a DEFLATE stream that has ended %s is a part of its message (RFC 7692 §7.2.1)", async (_, payloads, answer) => {
  const echo = rawEndpoint("/echo", {
    text: ({ connection }, said) => connection.send(said),
    limits: { messageSize: "100b" },
  });
  await using server = await serve({ endpoints: [echo], compression: true });
  const socket = new WebSocket(`${server.url}/echo`.replace("http", "ws"), { perMessageDeflate: true });
  const heard = new Inbox<string>("answers");
  socket.on("message", (data) => heard.put(String(data)));
  socket.on("close", (code) => heard.put(String(code)));
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const stream = (socket as unknown as { readonly _socket: { write(bytes: Buffer): void } })._socket; // no door of `ws` leads there
  // Nothing of a message is left for the next, also where both are read at once.
  const times = answer.startsWith("10") ? [1] : [1, 2, 1];
  for (const count of times) {
    stream.write(Buffer.concat(Array.from({ length: count }, () => framesOf(...payloads))));
    for (let number = 0; number < count; number += 1) expect(await heard.next()).toBe(answer);
  }
  socket.terminate();
});
