import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type App, createApp, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { dial, dialRefused } from "../support/ws-client.js";

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });

/** A server that an app is beside. Disposing of it ends it with all its connections. */
async function startServer(server: Server = createServer()) {
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createEchoApp(): App {
  return createApp({ endpoints: [echo], logger: new LogRecorder() });
}

/** Takes the upgrades of `/theirs` alone, as another library would. */
function listenToTheirs(server: Server): void {
  const theirs = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (request.url === "/theirs") theirs.handleUpgrade(request, stream, head, (webSocket) => webSocket.send("theirs"));
    else if (request.url === "/neither") stream.end("HTTP/1.1 418 I'm a teapot\r\ncontent-length: 0\r\n\r\n");
  });
}

test.each(["before", "after"])(
  "another listener that came %s the app keeps its paths, and the app has its own",
  async (when) => {
    await using beside = await startServer();
    await using app = createEchoApp();
    if (when === "before") listenToTheirs(beside.server);
    app.attach(beside.server);
    if (when === "after") listenToTheirs(beside.server);
    const ours = await dial(`${beside.url}/ws/echo`);
    ours.sendText("ours");
    expect(await ours.nextText()).toBe("ours");
    const theirs = await dial(`${beside.url}/theirs`);
    expect(await theirs.nextText()).toBe("theirs");
    expect((await dialRefused(`${beside.url}/neither`)).status).toBe(418);
    expect(app.stats()).toMatchObject({ connectionsOpened: 1, handshakesRefused: 0 });
  },
);

test.each(["before", "after"])(
  "a library that came %s the app, and refuses every path but its own, does not hear of the app's",
  async (when) => {
    await using beside = await startServer();
    await using app = createEchoApp();
    const listenAsMostDo = () => {
      const theirs = new WebSocketServer({ server: beside.server, path: "/theirs" });
      theirs.on("connection", (webSocket) => webSocket.send("theirs"));
    };
    if (when === "before") listenAsMostDo();
    app.attach(beside.server);
    if (when === "after") listenAsMostDo();
    const ours = await dial(`${beside.url}/ws/echo`);
    ours.sendText("ours");
    expect(await ours.nextText()).toBe("ours");
    expect(await (await dial(`${beside.url}/theirs`)).nextText()).toBe("theirs");
    expect((await dialRefused(`${beside.url}/nowhere`)).status).toBe(400);
    ours.sendText("still");
    expect(await ours.nextText()).toBe("still");
  },
);

test("a listener that comes after the first upgrades has its paths too, and not the app's", async () => {
  await using beside = await startServer();
  await using app = createEchoApp();
  app.attach(beside.server);
  const ours = await dial(`${beside.url}/ws/echo`);
  expect((await dialRefused(`${beside.url}/late`)).status).toBe(404);
  const paths: unknown[] = [];
  beside.server.on("upgrade", (request: IncomingMessage, stream: Duplex) => {
    paths.push(request.url);
    stream.end("HTTP/1.1 418 I'm a teapot\r\ncontent-length: 0\r\n\r\n");
  });
  expect((await dialRefused(`${beside.url}/late`)).status).toBe(418);
  await dial(`${beside.url}/ws/echo`);
  ours.sendText("still");
  expect(await ours.nextText()).toBe("still");
  expect(paths).toEqual(["/late"]);
});

test("a path that neither of two apps has is 404 where nobody else listens", async () => {
  const shout = rawEndpoint("/ws/shout", { text: ({ connection }, text) => void connection.send(text.toUpperCase()) });
  await using beside = await startServer();
  await using first = createEchoApp();
  await using second = createApp({ endpoints: [shout], logger: new LogRecorder() });
  first.attach(beside.server);
  second.attach(beside.server);
  expect((await dialRefused(`${beside.url}/ws/nowhere`)).status).toBe(404);
  await first.close();
  expect((await dialRefused(`${beside.url}/ws/echo`)).status).toBe(404);
  await dial(`${beside.url}/ws/shout`);
});

test("who puts something around a server's events meanwhile keeps it when the app is gone", async () => {
  const server = createServer((_, response) => response.end("theirs"));
  await using beside = await startServer(server);
  await using app = createEchoApp();
  app.attach(server);
  const seen: unknown[] = [];
  const { emit } = server;
  server.emit = (event: string, ...args: unknown[]) => {
    seen.push(event);
    return Reflect.apply(emit, server, [event, ...args]);
  };
  await dial(`${beside.url}/ws/echo`);
  await app.close();
  expect(await (await fetch(beside.url)).text()).toBe("theirs");
  expect(seen).toEqual(expect.arrayContaining(["upgrade", "request"]));
  app.attach(server);
  await dial(`${beside.url}/ws/echo`);
});

test("a path of no endpoint is 404 where nobody else listens", async () => {
  await using beside = await startServer();
  await using app = createEchoApp();
  app.attach(beside.server);
  expect(await dialRefused(`${beside.url}/ws/nowhere`)).toMatchObject({ status: 404, body: { code: "not_found" } });
  const ours = await dial(`${beside.url}/ws/nowhere`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1008, reason: "not_found" });
});

test("requests that are no upgrades stay the server's", async () => {
  const server = createServer((_, response) => response.end("theirs"));
  await using beside = await startServer(server);
  await using app = createEchoApp();
  app.attach(beside.server);
  for (const path of ["/", "/ws/echo", "/healthz"]) {
    expect(await (await fetch(beside.url + path)).text()).toBe("theirs");
  }
});

test("two apps beside one server each have their own paths", async () => {
  const shout = rawEndpoint("/ws/shout", { text: ({ connection }, text) => void connection.send(text.toUpperCase()) });
  await using beside = await startServer();
  await using first = createEchoApp();
  await using second = createApp({ endpoints: [shout], logger: new LogRecorder() });
  first.attach(beside.server);
  second.attach(beside.server);
  const [one, two] = [await dial(`${beside.url}/ws/echo`), await dial(`${beside.url}/ws/shout`)];
  one.sendText("hi");
  two.sendText("hi");
  expect([await one.nextText(), await two.nextText()]).toEqual(["hi", "HI"]);
});

test("to attach twice to one server is refused", async () => {
  await using beside = await startServer();
  await using app = createEchoApp();
  app.attach(beside.server);
  expect(() => app.attach(beside.server)).toThrow(expect.objectContaining({ code: "already_attached" }));
});

test("one app may be beside two servers and on a port of its own", async () => {
  await using beside = await startServer();
  await using other = await startServer();
  await using app = createEchoApp();
  app.attach(beside.server);
  app.attach(other.server);
  const { url } = await app.listen(0);
  for (const each of [beside.url, other.url, url]) {
    const client = await dial(`${each}/ws/echo`);
    client.sendText(each);
    expect(await client.nextText()).toBe(each);
  }
  expect(app.stats().connections).toBe(3);
});

test("a closed app lets go of the server, which goes on, and the app can be attached again", async () => {
  const server = createServer((_, response) => response.end("theirs"));
  await using beside = await startServer(server);
  await using app = createEchoApp();
  app.attach(beside.server);
  const client = await dial(`${beside.url}/ws/echo`);
  await app.close();
  expect(await client.closed).toEqual({ code: 1001, reason: "going_away" });
  expect(server.listenerCount("upgrade")).toBe(0);
  expect(await (await fetch(beside.url)).text()).toBe("theirs");
  app.attach(beside.server);
  const again = await dial(`${beside.url}/ws/echo`);
  again.sendText("again");
  expect(await again.nextText()).toBe("again");
});

test("an app that can't start tells `onError`, refuses whoever comes, and takes nobody down", async () => {
  const errors = new Inbox<unknown>("onError");
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    const room = endpoint("/ws/room", { auth: jwt({ secret: undefined }) });
    await using beside = await startServer();
    await using app = createApp({
      endpoints: [room],
      logger: new LogRecorder(),
      onError: (error, { during }) => errors.put({ error, during }),
    });
    app.attach(beside.server);
    expect(await errors.next()).toMatchObject({ error: { code: "missing_secret" }, during: "start" });
    for (let n = 0; n < 3; n += 1) {
      expect(await dialRefused(`${beside.url}/ws/room`)).toMatchObject({ status: 503, body: { code: "unavailable" } });
    }
    await expect(app.listen(0)).rejects.toMatchObject({ code: "missing_secret" });
  } finally {
    process.off("unhandledRejection", note);
  }
  expect(unhandled).toEqual([]);
});

test("an attached app that could not start tries again when it is asked whether it is ready", async () => {
  const errors = new Inbox<unknown>("onError");
  let tries = 0;
  await using beside = await startServer();
  await using app = createApp({
    endpoints: [echo],
    logger: new LogRecorder(),
    onStart() {
      tries += 1;
      if (tries < 3) throw new Error(`not there: ${tries}`);
    },
    onError: (error) => errors.put(error),
  });
  beside.server.on("request", (request, response) => app.http(request, response));
  app.attach(beside.server);
  const isReady = async () => (await fetch(`${beside.url}/readyz`)).status;
  expect(await errors.next()).toEqual(new Error("not there: 1"));
  expect(await isReady()).toBe(503);
  expect(await errors.next()).toEqual(new Error("not there: 2"));
  // Whoever asks may ask a thousand times: once a second it is tried.
  expect([await isReady(), await isReady(), tries]).toEqual([503, 503, 2]);
  await app.start();
  expect([await isReady(), tries]).toEqual([200, 3]);
});

test("`start` rejects with what keeps the app from starting, and is told to nobody else where it is awaited", async () => {
  const errors: unknown[] = [];
  const room = endpoint("/ws/room", { auth: jwt({ secret: undefined }) });
  await using broken = createApp({
    endpoints: [room],
    logger: new LogRecorder(),
    onError: (error) => errors.push(error),
  });
  await expect(broken.start()).rejects.toMatchObject({ code: "missing_secret" });
  await using app = createEchoApp();
  await app.start();
  await app.start();
  await using beside = await startServer();
  app.attach(beside.server);
  const client = await dial(`${beside.url}/ws/echo`);
  client.sendText("hi");
  expect(await client.nextText()).toBe("hi");
  expect(errors).toEqual([]);
});

test("while the app closes, and later, what is answered over HTTP keeps no connection alive", async () => {
  await using beside = await startServer();
  await using app = createEchoApp();
  beside.server.on("request", (request, response) => app.http(request, response, () => response.end("theirs")));
  app.attach(beside.server);
  await app.start();
  const kept = async () => (await fetch(`${beside.url}/theirs`)).headers.get("connection");
  expect(await kept()).toBe("keep-alive");
  await app.close();
  expect(await kept()).toBe("close");
});

test("who comes to an attached server while the app closes is refused as `draining`", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const slow = endpoint("/ws/slow", {
    close() {
      begun.open();
      return gate.opened;
    },
  });
  await using beside = await startServer();
  await using app = createApp({ endpoints: [slow, echo], logger: new LogRecorder() });
  beside.server.on("request", (request, response) => app.http(request, response));
  app.attach(beside.server);
  const client = await dial(`${beside.url}/ws/slow`, { protocols: ["tidings.v1"] });
  client.send({ type: "connect" });
  expect(await client.next()).toMatchObject({ type: "connected" });
  const closing = app.close();
  await begun.opened;
  expect(await dialRefused(`${beside.url}/ws/echo`)).toMatchObject({ status: 503, body: { code: "draining" } });
  gate.open();
  await closing;
});

test("of two apps on one server the first has the dashboard, and each its own endpoints", async () => {
  await using beside = await startServer();
  const [first, second] = ["first", "second"].map((name) => {
    const own = endpoint(`/ws/${name}`, { receives: { who: z.object({}) }, on: { who: () => name } });
    return createApp({ endpoints: [own], logger: new LogRecorder(), onError: (error) => errors.push(error) });
  }) as [App, App]; // as many as there are names
  const errors: unknown[] = [];
  await using _first = first;
  await using _second = second;
  first.attach(beside.server);
  second.attach(beside.server);
  for (const name of ["first", "second"]) {
    const client = await dial(`${beside.url}/ws/${name}`);
    expect(await client.ask("who", {})).toMatchObject({ payload: name });
  }
  const looker = await dial(`${beside.url}/dashboard/live`, { protocols: ["tidings.v1"] });
  looker.send({ type: "connect" });
  expect(await looker.next()).toMatchObject({ type: "connected" });
  expect([first, second].map((app) => [...app.connections()].length)).toEqual([2, 1]);
  expect(errors).toEqual([]);
});
