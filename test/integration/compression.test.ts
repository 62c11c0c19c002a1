import { channel, createApp, endpoint } from "tidings";
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
