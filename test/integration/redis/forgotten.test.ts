import { expect, test } from "vitest";
import { defaultLimits } from "../../../src/protocol/limits.js";
import { redis } from "../../../src/redis/index.js";
import { Names } from "../../../src/redis/names.js";
import {
  connectProcess,
  connectProcesses,
  type Process,
  publicationOf,
  untilAnswer,
} from "../../conformance/broker.js";
import { startProxy } from "../../support/redis/proxy.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

const keep = { size: 1_000, ttlMs: 600_000 };
const eventOf = (payload: unknown) => ({ ...publicationOf("room", payload), keep });
/** So they are renewed, and Redis is looked at, more often. */
const lease = "500ms";
const ana = { id: "ana", faceJson: '"ana"' };
const ben = { id: "ben", faceJson: '"ben"' };

/** Redis refuses whatever is stored, with its own words, until `takeWrites`. */
async function refuseWrites(server: RedisServer): Promise<void> {
  await server.command("CONFIG", "SET", "maxmemory", "1");
}

async function takeWrites(server: RedisServer): Promise<void> {
  await server.command("CONFIG", "SET", "maxmemory", "0");
}

async function membersOf({ link }: Process): Promise<string[]> {
  return (await link.members("room", 10)).members.map(({ id }) => id);
}

/** Resolves when these are just who is shown. */
async function untilMembers(process: Process, ...ids: string[]): Promise<void> {
  await untilAnswer(
    () => membersOf(process),
    (found) => found.join() === ids.join(),
  );
}

/** Resolves when a process has said so many times more that it is there, and with it what else it says then. */
async function untilRenewed(server: RedisServer, channel: string, times: number): Promise<void> {
  const leases = async () => {
    const fields = (await server.command("HGETALL", `tidings:{${channel}}`)) as Record<string, string>; // as RESP3 gives it
    return Object.entries(fields)
      .filter(([name]) => name.startsWith("lease:"))
      .join();
  };
  for (let count = 0, last = await leases(); count < times; count += 1) {
    const before = last;
    last = await untilAnswer(leases, (found) => found !== before);
  }
}

test("what others had revoked before a process came is stored again where Redis has forgotten it, all of it", async () => {
  await using server = await startRedis();
  const first = await connectProcess(redis({ url: server.url }));
  const users = ["u0", "u1", "u2", "u3", "u4"];
  for (const user of users) await first.link.revoke({ user, revokedAtMs: 1, untilMs: undefined }, 10_000);
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 1);
  const [{ link, node }] = processes.all as [Process];
  await first.link.close();
  await link.reserve("zoe", "c", 5);
  await link.arrive("zoe", "c");
  await server.flushAll();
  await untilAnswer(
    async () => (await server.command("HKEYS", "tidings:{$processes}:revoked")) as string[], // a list of names
    (stored) => stored.length === users.length,
  );
  await untilAnswer(
    () => link.isConnected("zoe"),
    (isConnected) => isConnected,
  );
  const newcomer = await connectProcess(redis({ url: server.url }));
  expect(newcomer.node.revocations.map((each) => "user" in each && each.user).sort()).toEqual(users);
  // It has told of them already: who came back since with another token may stay.
  expect(node.revocations).toHaveLength(users.length);
  expect(node.failures).toEqual([]);
  await newcomer.link.close();
});

test("what is said again drops nothing of what is stored, also where that is more than the least that is remembered", async () => {
  await using server = await startRedis();
  const { key } = new Names("tidings", 0).processes;
  const stored = [`${key}:revoked`, `${key}:revoked-order`, `${key}:revoked-until`];
  const count = defaultLimits.revocations + 5;
  await server.command("EVAL", STORE_REVOKED, "3", ...stored, `${count}`);
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 1);
  const [{ node }] = processes.all as [Process];
  expect(node.revocations).toHaveLength(count);
  const lastPlace = async () => Number(await server.command("ZSCORE", `${key}:revoked-order`, `user u${count}`));
  const before = await lastPlace();
  // It is taken to have forgotten everything, and has not.
  await server.command("DEL", `${key}:alive`);
  await untilAnswer(lastPlace, (place) => place > before);
  expect(await server.command("HLEN", `${key}:revoked`)).toBe(count);
});

/** As many as an app has whose `limits.revocations` is larger. */
const STORE_REVOKED = `
for n = 1, tonumber(ARGV[1]) do
  local id = 'user u' .. n
  redis.call('HSET', KEYS[1], id, '{"user":"u' .. n .. '","revokedAtMs":1}')
  redis.call('ZADD', KEYS[2], n, id)
  redis.call('ZADD', KEYS[3], '+inf', id)
end
`;

test("where not all could be said again, it is said until it has been", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.revoke({ user: "bob", revokedAtMs: 1, untilMs: undefined }, 10);
  await server.flushAll();
  // There is something in its place for a while.
  await server.command("SET", "tidings:{$processes}:revoked", "x");
  await untilAnswer(
    async () => node.failures.length,
    (count) => count > 0,
  );
  await server.command("DEL", "tidings:{$processes}:revoked");
  await untilAnswer(
    async () => (await server.command("HKEYS", "tidings:{$processes}:revoked")) as string[], // a list of names
    (stored) => stored.join() === "user bob",
  );
});

test("what Redis has forgotten and then refuses to take is said again until it is taken", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.revoke({ user: "bob", revokedAtMs: 1, untilMs: undefined }, 10);
  await link.reserve("zoe", "c", 5);
  await link.arrive("zoe", "c");
  await refuseWrites(server);
  await server.flushAll();
  await node.until(() => node.outages.length > 0);
  await takeWrites(server);
  await node.until(() => node.outages.at(-1) === "back");
  expect(await link.isConnected("zoe")).toBe(true);
  const newcomer = await connectProcess(redis({ url: server.url }));
  expect(newcomer.node.revocations).toEqual([{ user: "bob", revokedAtMs: 1, untilMs: undefined }]);
  await newcomer.link.close();
});

test("a member that went as the line broke, when nobody heard the channel any more, is not kept by those who come later", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const options = { timeout: "1s", lease } as const;
  const other = await connectProcess(redis({ ...options, url: server.url }));
  await using processes = await connectProcesses(() => redis({ ...options, url: proxy.url }), 1);
  const [process] = processes.all as [Process];
  const { link, node } = process;
  await link.subscribe("room");
  await link.attend("room", ana);
  proxy.hold();
  const gone = link.withdraw("room", "ana");
  await link.unsubscribe("room");
  proxy.cut();
  proxy.release();
  proxy.mend();
  await gone;
  await node.until(() => node.outages.at(-1) === "back");
  await link.subscribe("room");
  await link.attend("room", ben);
  await untilMembers(other, "ben");
  await other.link.close();
});

test("a member whose going was being said again as the line broke again is not kept by those who come later", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const options = { timeout: "1s", lease } as const;
  const other = await connectProcess(redis({ ...options, url: server.url }));
  await using processes = await connectProcesses(() => redis({ ...options, url: proxy.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room");
  await link.attend("room", ana);
  proxy.hold();
  const gone = link.withdraw("room", "ana");
  proxy.cut();
  proxy.release();
  proxy.mend();
  await gone;
  // With the comparison's answer it is said again that she is gone, and that does not come through either.
  await node.until(() => node.readAnew.includes("room"));
  proxy.hold();
  await link.unsubscribe("room");
  proxy.cut();
  proxy.release();
  proxy.mend();
  await untilAnswer(
    async () => node.outages,
    (outages) => outages.at(-1) === "back",
  );
  await link.subscribe("room");
  await link.attend("room", ben);
  await untilMembers(other, "ben");
  await other.link.close();
});

test("a member whose going Redis refused to note has gone when it takes writes again", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 2);
  const [a, b] = processes.all as [Process, Process];
  await a.link.attend("room", ana);
  await refuseWrites(server);
  await a.link.withdraw("room", "ana");
  await takeWrites(server);
  await untilMembers(b);
});

test("who joins while Redis takes no writes is shown when it takes them again", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 2);
  const [a, b] = processes.all as [Process, Process];
  await b.link.subscribe("room");
  await a.link.subscribe("room");
  await refuseWrites(server);
  await a.link.attend("room", ana);
  await takeWrites(server);
  await untilMembers(b, "ana");
  await b.node.until(() => b.node.met("room").length > 0);
  expect(b.node.met("room")).toEqual(["+ana"]);
});

test("members that Redis has evicted are there again", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 2);
  const [a, b] = processes.all as [Process, Process];
  await a.link.subscribe("room");
  await a.link.attend("room", ana);
  await server.command("DEL", "tidings:{room}:members");
  await untilMembers(b, "ana");
});

test("users of a process that has died are not gathered where nobody asks how many there are", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const dead = await connectProcess(redis({ url: proxy.url, lease, timeout: "500ms" }));
  await dead.link.reserve("gone", "c", 5);
  await dead.link.arrive("gone", "c");
  proxy.cut();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 1);
  const [{ link }] = processes.all as [Process];
  // Beside somebody who stays, so that what they share does not end by itself.
  const names = new Names("tidings", 0);
  const part = names.partOfUser("gone");
  const stays = Array.from({ length: 500 }, (_, n) => `u${n}`).find((user) => names.partOfUser(user) === part) ?? "";
  await link.reserve(stays, "c", 5);
  await link.arrive(stays, "c");
  await untilAnswer(
    async () => (await server.command("ZRANGE", names.users(part), "0", "-1")) as string[], // their names
    (users) => users.join() === stays,
  );
  await dead.link.close();
});

test("of what has ended nothing is left in Redis when its last event is over", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link }] = processes.all as [Process];
  const end = (name: string, ttlMs: number) =>
    link.publish({ ...publicationOf("room", name), keep: { size: 10, ttlMs, subject: { name, part: "last" } } });
  await end("t1", 100);
  // It stays, and so does what is kept about both.
  await end("t2", 600_000);
  await untilAnswer(
    async () => (await link.read("room", { limit: 9 })).events,
    (events) => events.length === 1,
  );
  expect(await server.command("ZRANGE", "tidings:{room}:ends", "0", "-1")).toEqual(["t2"]);
  expect(await server.command("HKEYS", "tidings:{room}:subjects")).toEqual(["t2"]);
});

test("who hears a quiet channel that Redis has forgotten is told so, though nobody says a word", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room", true);
  const { epoch } = await link.publish(eventOf(1));
  await server.command("DEL", "tidings:{room}", "tidings:{room}:events");
  // By another channel it is seen that time goes by.
  await link.attend("other", ana);
  await untilRenewed(server, "other", 3);
  expect(node.skips).toEqual([{ channel: "room", epoch: expect.not.stringMatching(`^${epoch}$`), offset: 0 }]);
});

test("a short memory of places does not make a quiet channel begin anew under those who hear it", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, positionTtl: "100ms", lease }), 1);
  const [{ link, node }] = processes.all as [Process];
  const { epoch } = await link.subscribe("room", true);
  // By another channel it is seen that time goes by.
  await link.attend("other", ana);
  await untilRenewed(server, "other", 3);
  expect(await link.subscribe("room", true)).toEqual({ epoch, offset: 0 });
  expect(node.skips).toEqual([]);
});

test("with a queue, a publish that too few replicas have is refused, and those behind it are not kept waiting", async () => {
  await using server = await startRedis();
  const options = { url: server.url, whenUnavailable: "queue", replicas: 1, timeout: "400ms" } as const;
  await using processes = await connectProcesses(() => redis(options), 1);
  const [{ link, node }] = processes.all as [Process];
  for (const key of ["k1", undefined]) {
    const refused = link.publish({ ...eventOf(1), key });
    await expect(refused).rejects.toMatchObject({ cause: { message: "0 of 1 replicas have it." } });
  }
  expect(node.outages).toEqual([]);
});

test("what waits for Redis is said, though Redis refused to take anything when it came back", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease, whenUnavailable: "queue" }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.reserve("zoe", "c", 5);
  await link.arrive("zoe", "c");
  await server.kill();
  await node.until(() => node.outages.length > 0);
  const waiting = link.publish(eventOf("waited"));
  await server.start();
  await refuseWrites(server);
  await untilAnswer(
    async () => String(await server.command("INFO", "errorstats")),
    (stats) => stats.includes("errorstat_OOM"),
  );
  await takeWrites(server);
  const { epoch, offset } = await waiting;
  expect(await link.publish(eventOf("later"))).toEqual({ epoch, offset: offset + 1 });
});

test("what Redis refused while the line stayed is said when it takes it, and what came later behind it", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease, whenUnavailable: "queue" }), 1);
  const [{ link }] = processes.all as [Process];
  await link.subscribe("room", true);
  await server.command("CONFIG", "SET", "min-replicas-to-write", "1");
  const refused = link.publish(eventOf("refused"));
  await untilAnswer(
    async () => String(await server.command("INFO", "errorstats")),
    (stats) => stats.includes("errorstat_NOREPLICAS"),
  );
  await server.command("CONFIG", "SET", "min-replicas-to-write", "0");
  const later = link.publish(eventOf("later"));
  expect((await Promise.all([refused, later])).map(({ offset }) => offset)).toEqual([1, 2]);
});

test("with a queue, what is published after the close is refused", async () => {
  await using server = await startRedis();
  const { link } = await connectProcess(redis({ url: server.url, whenUnavailable: "queue" }));
  await link.close();
  for (const key of ["k1", undefined]) {
    await expect(link.publish({ ...eventOf(1), key })).rejects.toMatchObject({ code: "unavailable" });
  }
});
