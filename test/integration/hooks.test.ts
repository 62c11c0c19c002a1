import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type App, channel, createApp, dependency, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const news = channel("news", { events: { item: z.object({ n: z.number() }) }, history: { size: 10, ttl: "5m" } });

/** A dependency of the app, and an endpoint, that note what is done with them. */
function noted() {
  const did: string[] = [];
  const pool = dependency({
    scope: "app",
    create: () => did.push("pool made"),
    dispose: () => did.push("pool disposed of"),
  });
  const feed = endpoint("/feed", {
    needs: { pool },
    channels: [news],
    open: () => did.push("open"),
    close: () => did.push("close"),
  });
  return { did, pool, feed };
}

test("onStart runs between the app's dependencies and its first connection, onStop between its last and their end", async () => {
  const { did, feed } = noted();
  const onStart = () => did.push("onStart");
  const onStop = () => did.push("onStop");
  await using server = await serve({ endpoints: [feed], onStart, onStop });
  expect(did).toEqual(["pool made", "onStart"]);
  await dial(`${server.url}/feed`);
  await server.app.close();
  expect(did).toEqual(["pool made", "onStart", "open", "close", "onStop", "pool disposed of"]);
});

test("who comes while onStart runs is let in when it is done, and until then the app is not ready", async () => {
  const { did, feed } = noted();
  const gate = createGate();
  const onStart = async () => {
    await gate.opened;
    did.push("onStart");
  };
  await using app = createApp({ endpoints: [feed], logger: new LogRecorder(), onStart });
  await using server = await attachedTo(app);
  const dialled = dial(`${server.url}/feed`);
  await server.connection;
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  gate.open();
  await dialled;
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  expect(did).toEqual(["pool made", "onStart", "open"]);
});

test("both may publish, and ask the app what it knows", async () => {
  const { feed, pool } = noted();
  const found: unknown[] = [];
  await using server = await serve({
    endpoints: [feed],
    onStart: async ({ app }) => {
      await app.publish(news(), "item", { n: 1 });
      found.push(await app.get(pool), await app.history(news()), await app.isConnected("ana"));
    },
    onStop: async ({ app }) => {
      await app.publish(news(), "item", { n: 2 });
      found.push(await app.history(news()));
    },
  });
  await server.app.close();
  const first = { type: "item", offset: 1, payload: { n: 1 } };
  expect(found).toEqual([1, [first], false, [first, { type: "item", offset: 2, payload: { n: 2 } }]]);
});

test("where onStart fails the start does: what was made is disposed of, onStop does not run, and it may be tried again", async () => {
  const { did, feed } = noted();
  let isBroken = true;
  const app = createApp({
    endpoints: [feed],
    logger: new LogRecorder(),
    onStart: async () => {
      did.push("onStart");
      if (isBroken) throw new Error("no data yet");
    },
    onStop: () => did.push("onStop"),
  });
  await expect(app.listen(0)).rejects.toThrow("no data yet");
  expect(did.splice(0)).toEqual(["pool made", "onStart", "pool disposed of"]);
  isBroken = false;
  const { url } = await app.listen(0);
  await dial(`${url}/feed`);
  await app.close();
  expect(did).toEqual(["pool made", "onStart", "open", "close", "onStop", "pool disposed of"]);
});

test("an app that is closed while onStart runs gives its start up, be it by onStart itself, and can be started again", async () => {
  const { did, feed } = noted();
  const errors = new Inbox<unknown>("onError");
  let isFirst = true;
  const app = createApp({
    endpoints: [feed],
    logger: new LogRecorder(),
    onStart: async ({ app }) => {
      did.push("onStart");
      if (!isFirst) return;
      isFirst = false;
      await app.close();
      did.push("closed");
      throw new Error("nobody waits for this");
    },
    onStop: () => did.push("onStop"),
    onError: (error, { during }) => errors.put([during, error]),
  });
  await expect(app.listen(0)).rejects.toMatchObject({
    code: "unavailable",
    message: "This app was closed while it started.",
  });
  expect(await errors.next()).toEqual(["onStart", new Error("nobody waits for this")]);
  expect(did.splice(0)).toEqual(["pool made", "onStart", "pool disposed of", "closed"]);
  const { url } = await app.listen(0);
  await dial(`${url}/feed`);
  await app.close();
  expect(did).toEqual(["pool made", "onStart", "open", "close", "onStop", "pool disposed of"]);
});

test("what onStop throws goes to onError, and the rest is done all the same", async () => {
  const { did, feed } = noted();
  await using server = await serve({
    endpoints: [feed],
    onStop: () => {
      throw new Error("too late");
    },
  });
  await server.app.close();
  expect(await server.errors.next()).toMatchObject({ error: { message: "too late" }, at: { during: "onStop" } });
  expect(did).toEqual(["pool made", "pool disposed of"]);
});

test("an onStop that hangs is waited for as long as limits.close", async () => {
  const { did, feed } = noted();
  const log = new LogRecorder();
  const app = createApp({ endpoints: [feed], logger: log, onStop: () => new Promise(() => {}) });
  {
    await using _ = await startTestApp(app, { limits: { close: "3s" } });
  }
  expect(did).toEqual(["pool made", "pool disposed of"]);
  expect((await log.next("error")).fields.err).toMatchObject({ message: "`onStop` took longer than limits.close." });
});

test("an app that starts twice runs both twice", async () => {
  const did: string[] = [];
  const app = createApp({ endpoints: [], onStart: () => did.push("start"), onStop: () => did.push("stop") });
  for (let times = 0; times < 2; times += 1) await (await startTestApp(app))[Symbol.asyncDispose]();
  expect(did).toEqual(["start", "stop", "start", "stop"]);
});

test.each(["onStart", "onStop"])("%s that is no function is refused", (name) => {
  expect(() => createApp({ endpoints: [], [name]: "soon" })).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(name) }),
  );
});

/** A server of somebody else's. */
async function attachedTo(
  app: App,
): Promise<AsyncDisposable & { readonly connection: Promise<unknown>; readonly url: string }> {
  const server = createServer((request, response) => app.http(request, response));
  const connection = once(server, "connection");
  app.attach(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // one on a port has an address of this kind
  return {
    connection,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await app.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
