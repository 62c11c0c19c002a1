// What every program does with our client, and the ways in which it loses its server. It must end by itself.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Closed, connect, type Status, whenLive } from "tidings/client";
import type { room, wall } from "./server.js";

const server = process.argv[2] ?? "";
/** How many sockets of the runtime's own were made. */
let own = 0;
if ("WebSocket" in globalThis) {
  globalThis.WebSocket = new Proxy(globalThis.WebSocket, {
    construct(Own, args) {
      own += 1;
      return Reflect.construct(Own, args);
    },
  });
}

await talks();
await isClosedByTheServer();
await isClosedBeforeItIsOpen();
await findsNobody();
await seesPages();
console.log(`passed with ${own > 0 ? "its own WebSocket" : "ws"}`);

/** They are in the package. */
async function seesPages(): Promise<void> {
  for (const page of [
    "/docs",
    "/docs/console.js",
    "/dashboard",
    "/dashboard/dashboard.css",
    "/asyncapi.json",
    "/metrics",
  ]) {
    const { status } = await fetch(server + page);
    assert.equal(status, 200, page);
  }
}

async function talks(): Promise<void> {
  const heard: string[] = [];
  const gaps: unknown[] = [];
  const ana = connect<typeof room>(`${server}/ws/rooms/lobby`, { token: async () => "ana" });
  const changes: [status: Status, why: Closed | undefined][] = [];
  ana.onStatus((...change) => changes.push(change));
  ana.on("gap", (gap) => gaps.push(gap));
  const last = new Promise<void>((resolve) => {
    ana.on("said", ({ text }, { channel, offset }) => {
      heard.push(`${channel} ${offset} ${text}`);
      if (heard.length === 6) resolve();
    });
  });
  const news = ana.subscribe("news", { onGap: (gap) => gaps.push(gap) });
  await whenLive(news);
  assert.deepEqual(ana.user, { id: "ana" });
  assert.deepEqual(await ana.request("say", { text: "one" }), { length: 3 });

  await assert.rejects(ana.request("cut", { text: "two" }), { code: "connection_lost" });
  assert.deepEqual(await ana.request("say", { text: "three" }), { length: 5 });
  await last;
  const expected = ["one", "two", "three"].flatMap((text, index) =>
    ["chat/lobby", "news"].map((channel) => `${channel} ${index + 1} ${text}`),
  );
  assert.deepEqual(heard.toSorted(), expected.toSorted());
  assert.deepEqual(gaps, []);
  assert.deepEqual(
    changes.map(([status]) => status),
    ["open", "waiting", "connecting", "open"],
  );
  assert.equal(changes[1]?.[1]?.code, 1006);

  assert.equal(await ana.tasks.done(await ana.request("count")), 100);
  ana.close(4000, "done");
  assert.deepEqual(await ana.closed, { code: 4000, reason: "done" });
}

async function isClosedByTheServer(): Promise<void> {
  assert.deepEqual(await connect<typeof wall>(`${server}/ws/wall`).closed, { code: 4001, reason: "not today" });
  const stranger = connect<typeof room>(`${server}/ws/rooms/lobby`, { token: "a stranger" });
  assert.deepEqual(await stranger.closed, { code: 1008, reason: "unauthorized" });
  const lost = connect<typeof wall>(`${server}/nowhere/ws/wall`);
  assert.deepEqual(await lost.closed, { code: 1008, reason: "not_found" });
}

async function isClosedBeforeItIsOpen(): Promise<void> {
  const hasty = connect<typeof wall>(`${server}/ws/wall`);
  // A turn of its own: by now it dials.
  await new Promise(setImmediate);
  hasty.close();
  assert.deepEqual(await hasty.closed, { code: 1000, reason: "" });
}

/** Where somebody else answers, where nobody listens any more, and where there is no such server. */
async function findsNobody(): Promise<void> {
  const other = createServer((_, response) => response.writeHead(503).end());
  await once(other.listen(0, "127.0.0.1"), "listening");
  const { port } = other.address() as AddressInfo; // it listens on a port
  await isNotLetIn(`127.0.0.1:${port}`);
  await once(other.close(), "close");
  await isNotLetIn(`127.0.0.1:${port}`);
  await isNotLetIn("nobody.invalid");
}

async function isNotLetIn(host: string): Promise<void> {
  const lost = connect<typeof wall>(`http://${host}/ws/wall`);
  const change = await new Promise((resolve) => {
    lost.onStatus((...change) => resolve(change));
  });
  assert.deepEqual(change, ["waiting", { code: 1006, reason: "" }], host);
  lost.close();
}
