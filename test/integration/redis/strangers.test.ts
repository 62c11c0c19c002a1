import { inspect } from "node:util";
import { expect, test } from "vitest";
import { redis } from "../../../src/redis/index.js";
import { Names } from "../../../src/redis/names.js";
import { connectProcesses, type Process, publicationOf, untilAnswer } from "../../conformance/broker.js";
import { RecordingNode } from "../../support/recording-node.js";
import { freePort } from "../../support/redis/free-port.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

const wrongType = { code: "unavailable", cause: { message: expect.stringContaining("WRONGTYPE") } };

/** Resolves when what these keys have was said again, more often than a lease outlives. */
async function untilRenewed(server: RedisServer, ...keys: readonly string[]): Promise<void> {
  const read = async (key: string) => JSON.stringify(await server.command("HGETALL", key));
  for (let count = 0; count < 3; count += 1) {
    const before = await Promise.all(keys.map(read));
    for (const [index, key] of keys.entries()) {
      await untilAnswer(
        () => read(key),
        (found) => found !== before[index],
      );
    }
  }
}

test("a channel whose key somebody else has taken is refused, and not those that are joined with it", async () => {
  await using server = await startRedis();
  await server.command("SET", "tidings:{bad}", "x");
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a, b] = processes.all as [Process, Process];
  const joined = ["a", "b", "bad", "c"].map((channel) => a.link.subscribe(channel, true));
  await expect(joined[2]).rejects.toMatchObject(wrongType);
  await Promise.all(joined.filter((_, n) => n !== 2));
  for (const channel of ["a", "b", "c"]) await b.publish(channel, "hi");
  await a.node.until(() => a.node.events.length === 3);
  expect(a.node.events.map(({ channel }) => channel)).toEqual(["a", "b", "c"]);
});

test("a key that somebody else takes later does not end the leases of other channels, and is told once", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url, lease: "500ms" }), 1);
  const [{ link, node }] = processes.all as [Process];
  // Of so many some are compared together with it.
  const rooms = Array.from({ length: 60 }, (_, n) => `room/${n}`);
  const ana = { id: "ana", faceJson: "{}" };
  await Promise.all(["bad", ...rooms].map((channel) => link.subscribe(channel)));
  await Promise.all(["bad", ...rooms].map((channel) => link.attend(channel, ana)));
  await server.command("SET", "tidings:{bad}", "x");
  await untilRenewed(server, ...rooms.map((room) => `tidings:{${room}}`));
  expect(node.failures).toHaveLength(1);
  expect(node.failures[0]).toMatchObject(wrongType);
  expect(node.outages).toEqual([]);
});

test("what Redis refuses is `unavailable` to who asks, and told once, however often they ask", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await server.command("SET", "tidings:{bad}", "x");
  for (const limit of [10, 20, 30]) {
    await expect(link.read("bad", { limit })).rejects.toMatchObject(wrongType);
  }
  expect(node.failures).toHaveLength(1);
  expect(node.failures[0]).toMatchObject(wrongType);
  await expect(link.publish(publicationOf("bad", 1))).rejects.toMatchObject(wrongType);
  expect(node.failures).toHaveLength(2);
});

test("a user's key that somebody else has taken does not end the leases of other users", async () => {
  await using server = await startRedis();
  const names = new Names("tidings", 0);
  const part = names.partOfUser("bad");
  const beside = Array.from({ length: 500 }, (_, n) => `u${n}`).find((user) => names.partOfUser(user) === part) ?? "";
  await using processes = await connectProcesses(() => redis({ url: server.url, lease: "500ms" }), 1);
  const [{ link }] = processes.all as [Process];
  for (const user of ["bad", beside]) {
    await link.reserve(user, "c", 5);
    await link.arrive(user, "c");
  }
  await server.command("SET", names.user("bad"), "x");
  await untilRenewed(server, names.user(beside));
});

test("a process comes back from an outage, though a user's key is somebody else's", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(
    () => redis({ url: server.url, lease: "500ms", whenUnavailable: "queue" }),
    1,
  );
  const [process] = processes.all as [Process];
  const { link, node } = process;
  await link.reserve("bad", "c", 5);
  await link.arrive("bad", "c");
  await server.command("SET", new Names("tidings", 0).user("bad"), "x");
  await server.killClients();
  await node.until(() => node.outages.length > 0);
  await process.publish("room", "waits");
  await node.until(() => node.outages.at(-1) === "back");
});

test.each(["junk", "", "e1 5 junk", "e1 x []\n{}", "l5\njunk", "j-1", 'e1 5 5\n"x"'])(
  "what a stranger says on a channel's topic, such as %j, ends nothing and tells nobody anything",
  async (message) => {
    await using server = await startRedis();
    await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
    const [{ link, node, publish }] = processes.all as [Process];
    await link.subscribe("room", true);
    await server.command("PUBLISH", "tidings:{room}", message);
    await publish("room", "hi");
    expect(node.heard("room")).toEqual(["hi"]);
    expect(node.changes).toEqual([]);
    expect(node.skips).toEqual([]);
    expect(node.outages).toEqual([]);
    expect(node.failures).toHaveLength(1);
  },
);

test("who gives one server of a cluster by its URL is told what to give", async () => {
  await using server = await startRedis({ config: { "cluster-enabled": "yes" } });
  const connecting = redis({ url: server.url, timeout: "300ms" }).connect(new RecordingNode());
  await expect(connecting).rejects.toThrow("is one of a cluster: give `cluster`");
});

// What is special in it is not percent-encoded: a common mistake.
const badUrl = "redis://:p#ss/s3cret@localhost:6379";

test.each([
  ["a URL", () => redis({ url: badUrl })],
  ["node-redis's options", () => redis({ options: { url: badUrl } })],
  ["a cluster", () => redis({ cluster: { rootNodes: [{ url: badUrl }] }, timeout: "200ms" })],
  ["a cluster's defaults", () => redis({ cluster: { rootNodes: [], defaults: { url: badUrl } } })],
  ["sentinels", () => redis({ sentinel: { name: "main", sentinelRootNodes: [], nodeClientOptions: { url: badUrl } } })],
])("a password is in nothing that is thrown, where it stands wrongly in the URL of %s", async (_, create) => {
  const error = await thrownBy(async () => (await create().connect(new RecordingNode())).close());
  expect(error).toMatchObject({ name: "ConfigError" });
  expect(inspect(error, { depth: null })).not.toContain("s3cret");
});

test("a password is in nothing that is thrown where nobody answers", async () => {
  const url = `redis://ana:s3cret@127.0.0.1:${await freePort()}`;
  for (const options of [{ url }, { cluster: { rootNodes: [{ url }] } }]) {
    const error = await thrownBy(() => redis({ ...options, timeout: "200ms" }).connect(new RecordingNode()));
    expect(inspect(error, { depth: null })).toContain("ECONNREFUSED");
    expect(inspect(error, { depth: null })).not.toContain("s3cret");
  }
});

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
}
