import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { expect, test } from "vitest";
import { tlsCertificate } from "../../conformance/tls-certificate.js";
import { Program } from "../../support/child-process.js";
import { startCluster } from "../../support/redis/cluster.js";
import { startProxy } from "../../support/redis/proxy.js";
import { startRedis } from "../../support/redis/redis-server.js";
import { startSentinels } from "../../support/redis/sentinel.js";

test("a Redis that is killed has lost what it had only in its memory", async () => {
  await using redis = await startRedis();
  await redis.command("SET", "key", "1");
  const { pid } = redis;
  await redis.kill();
  expect(redis.pid).toBeUndefined();
  await expect(redis.command("PING")).rejects.toThrow();

  await redis.start();
  expect(redis.pid).not.toBe(pid);
  expect(await redis.command("GET", "key")).toBeNull();
});

test("a Redis with an append-only file has all of it after kill -9", async () => {
  await using redis = await startRedis({ config: { appendonly: "yes", appendfsync: "always" } });
  await redis.command("SET", "key", "1");
  await redis.kill();
  await redis.start();
  expect(await redis.command("GET", "key")).toBe("1");
});

test("a Redis goes back to an older snapshot, also past a newer dump", async () => {
  await using redis = await startRedis();
  await redis.command("SET", "key", "1");
  await redis.snapshot();
  await redis.command("SET", "key", "2");
  await redis.command("SAVE");
  await redis.kill();
  await redis.restoreSnapshot();
  await redis.start();
  expect(await redis.command("GET", "key")).toBe("1");
});

test("a Redis that is paused answers when it is resumed", async () => {
  await using redis = await startRedis();
  await redis.command("PING");
  await redis.pause();
  const answers: unknown[] = [];
  const answered = redis.command("PING").then((answer) => answers.push(answer));
  // Another process's answer: so much time it would have had.
  await using other = await startRedis();
  await other.command("PING");
  expect(answers).toEqual([]);
  redis.resume();
  await answered;
  expect(answers).toEqual(["PONG"]);
});

test("a Redis is disposed of also when it is paused", async () => {
  const redis = await startRedis();
  const { pid = 0 } = redis;
  await redis.pause();
  await redis[Symbol.asyncDispose]();
  expect(pid).toBeGreaterThan(0);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("all clients' connections are killed, of those who subscribe too, but not the admin's", async () => {
  await using redis = await startRedis();
  const speaker = await connectTo(redis.url);
  const listener = await connectTo(redis.url);
  await listener.subscribe("news", () => {});
  const ended = [speaker, listener].map((client) => new Promise((resolve) => client.once("error", resolve)));
  const id = await redis.command("CLIENT", "ID");
  expect(await redis.killClients()).toBe(2);
  expect(await redis.command("CLIENT", "ID")).toBe(id);
  await Promise.all(ended);
});

test("a Redis that has shut down by itself is started again, with what it has saved", async () => {
  await using redis = await startRedis();
  await redis.command("SET", "key", "1");
  const { exited } = redis.process;
  await expect(redis.command("SHUTDOWN", "SAVE")).rejects.toThrow();
  await exited;
  await redis.start();
  expect(await redis.command("GET", "key")).toBe("1");
});

test("all is gone after FLUSHALL", async () => {
  await using redis = await startRedis();
  await redis.command("SET", "key", "1");
  await redis.flushAll();
  expect(await redis.command("DBSIZE")).toBe(0);
});

test("a user may do what his rules say", async () => {
  await using redis = await startRedis({ users: { app: "on >secret ~tidings:* +set" } });
  const client = await connectTo(redis.urlFor("app", "secret"));
  await client.set("tidings:a", "1");
  await expect(client.set("b", "1")).rejects.toThrow("NOPERM");
  await expect(client.get("tidings:a")).rejects.toThrow("NOPERM");
  client.destroy();
  expect(await redis.command("GET", "tidings:a")).toBe("1");
});

test("a Redis with a password has it in its URL", async () => {
  await using redis = await startRedis({ config: { requirepass: "a/b" } });
  expect(await redis.command("PING")).toBe("PONG");
  await expect(connectTo(redis.url.replace(/:[^:]+@/, ""))).rejects.toThrow("NOAUTH");
});

test("a Redis with TLS speaks nothing else", async () => {
  await using redis = await startRedis({ tls: true });
  expect(redis.url).toMatch(/^rediss:\/\/localhost:\d+$/);
  expect(await redis.command("PING")).toBe("PONG");
  const client = createClient({ url: redis.url, socket: { tls: true, ca: tlsCertificate.cert } });
  await client.connect();
  client.destroy();
  await expect(connectTo(redis.url.replace("rediss", "redis"))).rejects.toThrow();
});

test("a Redis that can't start says why", async () => {
  await expect(startRedis({ config: { nonsense: "1" } })).rejects.toThrow("Bad directive");
  await using redis = await startRedis();
  await expect(startRedis({ port: redis.port })).rejects.toThrow("Address already in use");
});

test("a proxy cuts who is on it and lets nobody through until it is mended", async () => {
  await using redis = await startRedis();
  await using proxy = await startProxy(redis);
  const client = await connectTo(proxy.url);
  expect(proxy.connections).toBe(1);
  const answer = client.sendCommand(["BLPOP", "nothing", "0"]);
  proxy.cut();
  await expect(answer).rejects.toThrow("closed");
  await expect(connectTo(proxy.url)).rejects.toThrow();
  expect(proxy.connections).toBe(0);

  proxy.mend();
  const next = await connectTo(proxy.url);
  expect(await next.ping()).toBe("PONG");
  next.destroy();
});

test("what a proxy holds comes in its order when it is released", async () => {
  await using redis = await startRedis();
  await using proxy = await startProxy(redis);
  const client = await connectTo(proxy.url);
  proxy.hold();
  const big = "x".repeat(1_000_000);
  const appended = Promise.all(["1", big, "2"].map((text) => client.append("key", text)));
  let isIn = false;
  const late = connectTo(proxy.url).then((next) => {
    isIn = true;
    return next;
  });
  // Others are let in and have answers one after the other by a way that is like theirs: so much time they would have had.
  await using open = await startProxy(redis);
  for (let n = 0; n < 3; n += 1) {
    const other = await connectTo(open.url);
    expect(await other.get("key")).toBeNull();
    other.destroy();
  }
  expect(isIn).toBe(false);

  proxy.release();
  expect(await appended).toEqual([1, 1_000_001, 1_000_002]);
  const next = await late;
  expect(await next.get("key")).toBe(`1${big}2`);
  for (const each of [client, next]) each.destroy();
});

test("a proxy that drops replies lets the requests through, and later clients have theirs", async () => {
  await using redis = await startRedis();
  await using proxy = await startProxy(redis);
  const client = await connectTo(proxy.url);
  const dropped = proxy.dropReplies();
  const answer = client.set("key", "1");
  await dropped;
  expect(await redis.command("GET", "key")).toBe("1");

  const next = await connectTo(proxy.url);
  expect(await next.get("key")).toBe("1");
  proxy.cut();
  await expect(answer).rejects.toThrow("closed");
});

test("sentinels make the replica the master when the master is killed, and the old one its replica", async () => {
  await using sentinels = await startSentinels();
  const old = await sentinels.master();
  const master = await sentinels.failOver();
  expect(master).not.toBe(old);
  expect(await sentinels.master()).toBe(master);
  expect(await master.command("SET", "key", "1")).toBe("OK");

  const synchronized = master.process.line(/Synchronization with replica \S+ succeeded/);
  await old.start();
  await synchronized;
  await expect(old.command("SET", "key", "2")).rejects.toThrow("READONLY");
  expect(await old.command("GET", "key")).toBe("1");
});

test("three masters share the slots, and a slot moves with its keys", async () => {
  await using cluster = await startCluster();
  const slot = await cluster.slotOf("{room}1");
  const from = await cluster.ownerOf(slot);
  const [to = from, third = from] = cluster.nodes.filter((node) => node !== from);
  const keys = Array.from({ length: 250 }, (_, n) => `{room}${n}`);
  for (const key of keys) await from.command("SET", key, key);
  await expect(to.command("GET", "{room}1")).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${from.port}`);

  const move = await cluster.beginMove(slot, to);
  expect(await from.command("GET", "{room}1")).toBe("{room}1");
  await expect(from.command("SET", "{room}new", "1")).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`);
  await expect(move.finish()).rejects.toThrow("still has 250");

  await move.moveKeys();
  await expect(from.command("GET", "{room}1")).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`);
  await move.finish();
  for (const node of [from, third]) {
    await expect(node.command("GET", "{room}1")).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`);
  }
  expect(await to.command("MGET", ...keys)).toEqual(keys);
  expect(await cluster.ownerOf(slot)).toBe(to);

  await cluster.moveSlot(slot, from);
  expect(await from.command("MGET", ...keys)).toEqual(keys);
});

test.each([
  { signal: "SIGTERM", ending: 0 },
  { signal: "SIGKILL", ending: "SIGKILL" },
] as const)("a Redis that nobody disposes of ends with its process, here with $signal", async ({ signal, ending }) => {
  const folder = await mkdtemp(join(tmpdir(), "tidings-"));
  try {
    await using program = new Program("test/integration/programs/abandoned-redis.ts", { TMPDIR: folder });
    const client = await connectTo(await program.line(/^redis:/));
    const lost = new Promise((resolve) => client.once("error", resolve));
    expect(await program.stop(signal)).toBe(ending);
    await lost;
    // Who is killed can't tidy up.
    const left = (await readdir(folder)).filter((name) => name.startsWith("tidings-redis-"));
    expect(left).toHaveLength(signal === "SIGKILL" ? 1 : 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Without a second try. */
async function connectTo(url: string) {
  const client = createClient({ url, RESP: 3, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
  client.on("error", () => {}); // the call tells
  await client.connect();
  return client;
}
