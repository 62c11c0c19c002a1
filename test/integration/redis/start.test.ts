import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { ConfigError, channel, createApp, rawEndpoint, TidingsError } from "tidings";
import { type Broker, type RedisOptions, redis } from "tidings/redis";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { Program } from "../../support/child-process.js";
import { LogRecorder } from "../../support/log-recorder.js";
import { freePort } from "../../support/redis/free-port.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import { dial } from "../../support/ws-client.js";

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });

function createOn(options: RedisOptions) {
  return createApp({ endpoints: [echo], broker: redis({ timeout: "300ms", ...options }), logger: new LogRecorder() });
}

/** Why an app does not start on this. */
async function whyNot(options: RedisOptions): Promise<string> {
  const app = createOn(options);
  const error = await app.listen(0).catch((reason: unknown) => reason);
  if (!(error instanceof TidingsError)) throw new Error("It is no TidingsError.", { cause: error });
  expect(error).toMatchObject({ code: "unavailable", cause: expect.any(Error) });
  await app.close();
  return error.message;
}

test("where nothing listens it is told so, with the address", async () => {
  const port = await freePort();
  expect(await whyNot({ url: `redis://127.0.0.1:${port}` })).toBe(
    `Redis can't be used: connect ECONNREFUSED 127.0.0.1:${port}`,
  );
});

test.each([
  ["a wrong password", (url: URL) => Object.assign(url, { password: "wrong" }), "WRONGPASS"],
  ["no password", (url: URL) => Object.assign(url, { password: "" }), "NOAUTH"],
  ["a user who may not run scripts", (url: URL) => Object.assign(url, { username: "reader", password: "r" }), "NOPERM"],
  ["a user of other keys", (url: URL) => Object.assign(url, { username: "other", password: "o" }), "NOPERM"],
  ["a user of other topics", (url: URL) => Object.assign(url, { username: "deaf", password: "d" }), "NOPERM"],
])("%s is told in Redis's own words, and at once", async (_, change, word) => {
  await using server = await startRedis({
    config: { requirepass: "secret" },
    users: {
      reader: "on >r ~* &* -@all +hello +ping +info +get",
      other: "on >o ~other:* &* +@all",
      deaf: "on >d ~* resetchannels +@all",
    },
  });
  expect(await whyNot({ url: change(new URL(server.url)).href, timeout: "60s" })).toContain(word);
});

test("a replica is told apart, with what to give in its place", async () => {
  await using master = await startRedis();
  await using replica = await startRedis({ config: { replicaof: `${master.host} ${master.port}` } });
  expect(await whyNot({ url: replica.url })).toBe(
    "Redis can't be used: This Redis is a replica: give the master's address, or `sentinel`.",
  );
});

/** A server that answers each command with what a test says of its name. */
async function answering(
  answers: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => {})); // what a client breaks off, it breaks off
    socket.on("data", (bytes) => {
      for (const [, name = ""] of String(bytes).matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)\r\n/gm)) {
        socket.write(answers[name.toUpperCase()] ?? "");
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `redis://127.0.0.1:${Object(server.address()).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), "close");
    },
  };
}

const hello = "%1\r\n+server\r\n+redis\r\n";
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

test.each([
  [
    "an old Redis",
    { HELLO: hello, INFO: bulk("redis_version:6.2.14\r\nrole:master\r\n") },
    "This is Redis 6: 7 or newer",
  ],
  ["an older one", { HELLO: "-ERR unknown command 'HELLO'\r\n" }, "unknown command 'HELLO'"],
  ["one that says nothing", {}, "No answer within 300 ms."],
  ["one that says nothing any more", { HELLO: hello }, "No answer within 300 ms."],
  ["one that still loads its data", { HELLO: "-LOADING Redis is loading the dataset in memory\r\n" }, "LOADING"],
])("%s is told", async (_, answers, words) => {
  await using server = await answering(answers);
  expect(await whyNot({ url: server.url })).toContain(words);
});

test("sentinels that are not there, or know no such master, are told", async () => {
  const port = await freePort();
  const sentinelRootNodes = [{ host: "127.0.0.1", port }];
  expect(await whyNot({ sentinel: { name: "tidings", sentinelRootNodes } })).toContain(
    `ECONNREFUSED 127.0.0.1:${port}`,
  );
  await using sentinel = await startRedis({ sentinel: true });
  const { host } = sentinel;
  expect(await whyNot({ sentinel: { name: "another", sentinelRootNodes: [{ host, port: sentinel.port }] } })).toContain(
    'The sentinels know no master "another".',
  );
});

test("one Redis that is no cluster is told where a cluster is expected", async () => {
  await using server = await startRedis();
  expect(await whyNot({ cluster: { rootNodes: [{ url: server.url }] } })).toContain("cluster support disabled");
});

test("an app whose Redis came late starts when it is asked again, and then serves", async () => {
  const port = await freePort();
  const app = createOn({ url: `redis://127.0.0.1:${port}` });
  await expect(app.listen(0)).rejects.toMatchObject({ code: "unavailable" });
  await using _: RedisServer = await startRedis({ port });
  const { url } = await app.listen(0);
  const client = await dial(`${url}/ws/echo`);
  client.sendText("here");
  expect(await client.nextText()).toBe("here");
  await app.close();
});

test("what is asked of an app before its Redis is there is `unavailable`, and asked again it starts", async () => {
  const port = await freePort();
  const app = createOn({ url: `redis://127.0.0.1:${port}` });
  await expect(app.isConnected("ana")).rejects.toMatchObject({ code: "unavailable" });
  await using _: RedisServer = await startRedis({ port });
  expect(await app.isConnected("ana")).toBe(false);
  await app.close();
});

test.each<[string, (servers: Servers) => string, string]>([
  ["there is none", ({ nowhere }) => nowhere, "ECONNREFUSED"],
  ["it is silent", ({ silent }) => silent, "No answer within 300 ms."],
  ["it refuses the first thing that is stored", ({ strict }) => strict, "NOPERM"],
])("a process whose Redis can't be used ends when it has said so: %s", async (_, urlIn, words) => {
  await using silent = await answering({});
  await using strict = await startRedis({ users: { other: "on >o ~other:* &* +@all" } });
  const nowhere = `redis://127.0.0.1:${await freePort()}`;
  const REDIS_URL = urlIn({ nowhere, silent: silent.url, strict: strict.urlFor("other", "o") });
  await using program = new Program("test/integration/programs/without-redis.ts", { REDIS_URL });
  expect(await program.exit()).toBe(0);
  expect(program.stdout.filter((line) => line.includes(words))).toHaveLength(1);
});
type Servers = Readonly<Record<"nowhere" | "silent" | "strict", string>>;

/** As ioredis's clients are, as far as one looks. */
const ioredis = {
  options: { host: "10.0.0.1", port: 6379 },
  duplicate: () => ioredis,
  status: "ready",
  call: () => {},
};

test.each<[string, () => unknown, string, string]>([
  ["two", () => ({ url: "redis://a", cluster: { rootNodes: [] } }), "ambiguous_redis", "`url` and `cluster`"],
  ["a client of another library", () => ({ client: ioredis }), "invalid_redis_client", "node-redis's createClient()"],
  [
    "its cluster",
    () => ({ client: { ...ioredis, nodes: () => [] } }),
    "invalid_redis_client",
    "node-redis's createClient()",
  ],
  ["a client that is none", () => ({ client: {} }), "invalid_redis_client", "node-redis's createClient()"],
  ["an option that there is not", () => ({ url: "redis://a", prefx: "x" }), "unknown_option", "prefx"],
  ["no time", () => ({ url: "redis://a", lease: "0s" }), "invalid_option", "`lease`"],
])("at the call itself, %s is a ConfigError that says what to do", (_, optionsOf, code, words) => {
  const call = () => redis(optionsOf() as RedisOptions);
  expect(call).toThrow(ConfigError);
  expect(call).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(words), fix: expect.any(String) }),
  );
});

test("a test of an app with Redis runs in memory, without one and without being told where it is", async () => {
  const says = async (options: { readonly broker?: Broker | undefined }) => {
    const app = createApp({ endpoints: [], broker: redis({ url: process.env.NOT_SET }) });
    await using server = await startTestApp(app, options);
    await server.app.publish(channel("notes", { events: { said: z.object({}) } })(), "said", {});
    return server.app.stats().eventsPublished;
  };
  expect(await says({})).toBe(1);
  await using server = await startRedis();
  const broker = redis({ url: server.url });
  expect(await says({ broker })).toBe(1);
  expect(await server.command("EXISTS", "tidings:{notes}")).toBe(1);
});
