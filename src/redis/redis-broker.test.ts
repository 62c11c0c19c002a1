import { createClient, createCluster } from "redis";
import { expect, test } from "vitest";
import { RecordingNode } from "../../test/support/recording-node.js";
import { ConfigError } from "../base/config-error.js";
import { type RedisOptions, redis } from "./redis-broker.js";

const url = "redis://localhost:6379";
const sentinel = { name: "main", sentinelRootNodes: [{ host: "localhost", port: 26_379 }] };
const cluster = { rootNodes: [{ url }] };

/** The mistake that it is, as a page of documents would show it. */
function mistakeIn(options: unknown): readonly [code: string, message: string] {
  try {
    redis(options as Parameters<typeof redis>[0]); // what JavaScript lets through
  } catch (error) {
    if (error instanceof ConfigError) return [error.code, error.message];
    throw error;
  }
  throw new Error("It is taken.");
}

test.each<[string, unknown, string, RegExp]>([
  ["no options", undefined, "invalid_options", /redis\(\) is given .* Give it an object/],
  ["a URL in the place of options", url, "invalid_options", /Give it an object/],
  ["two places", { url, sentinel }, "ambiguous_redis", /`url` and `sentinel`\. Say once where Redis is;/],
  ["a cluster and a client", { cluster, client: createClient() }, "ambiguous_redis", /`client` and `cluster`/],
  [
    "an option that there is not",
    { url, retries: 5 },
    "unknown_option",
    /no option `retries`\. Its options are url, client/,
  ],
  ["an option that is spelt in another way", { url, prefx: "x" }, "unknown_option", /Did you mean `prefix`\?/],
  ["a URL that is none", { url: "not a url" }, "invalid_option", /`url`.*"redis:\/\//],
  ["a URL without a protocol", { url: "localhost:6379" }, "invalid_option", /`url`.*"redis:\/\//],
  ["a URL of something else", { url: "http://localhost:6379" }, "invalid_option", /`url`.*"redis:\/\//],
  ["a URL that is an object", { url: new URL(url) }, "invalid_option", /`url` is .* Give it a text\./],
  [
    "a client that is none",
    { client: {} },
    "invalid_redis_client",
    /none of node-redis's createClient\(\) or createCluster/,
  ],
  ["ioredis's client", { client: { options: {}, status: "ready" } }, "invalid_redis_client", /none of node-redis's/],
  ["options beside sentinels, which have their own", { sentinel, options: {} }, "ambiguous_redis", /`options`/],
  ["options beside a cluster", { cluster, options: {} }, "ambiguous_redis", /`options`/],
  ["options beside a client", { client: createClient(), options: {} }, "ambiguous_redis", /`options`/],
  ["no prefix", { url, prefix: "" }, "invalid_option", /`prefix` is ""\. Give it 1–64 characters, without braces/],
  ["a prefix with braces", { url, prefix: "{app}" }, "invalid_option", /`prefix` is "\{app\}"/],
  ["a prefix with white space", { url, prefix: "my app" }, "invalid_option", /`prefix` is "my app"/],
  ["a prefix that is too long", { url, prefix: "x".repeat(65) }, "invalid_option", /1–64 characters/],
  ["a time without a unit", { url, timeout: "5" }, "invalid_duration", /timeout is "5".* like "30s"/],
  ["a time that is a number", { url, lease: 60 }, "invalid_option", /`lease` is 60/],
  ["no time", { url, timeout: "0s" }, "invalid_option", /`timeout` is 0ms\. Give it 100ms at least\./],
  ["no lease", { url, lease: "0s" }, "invalid_option", /`lease` is 0ms/],
  ["no memory", { url, positionTtl: "0d" }, "invalid_option", /`positionTtl` is 0ms/],
  ["no queue", { url, queue: 0 }, "invalid_option", /`queue` is 0\. Give it a whole number of at least 1\./],
  ["half a queue", { url, queue: 1.5 }, "invalid_option", /`queue` is 1\.5/],
  ["a queue without end", { url, queue: Number.POSITIVE_INFINITY }, "invalid_option", /`queue` is Infinity/],
  ["a queue as text", { url, queue: "10" }, "invalid_option", /`queue` is/],
  [
    "less than no replicas",
    { url, replicas: -1 },
    "invalid_option",
    /`replicas` is -1\. Give it a whole number of at least 0\./,
  ],
  [
    "something else to do",
    { url, whenUnavailable: "wait" },
    "invalid_option",
    /is wait\. Give it "reject" or "queue"\./,
  ],
])("it is said at once what is wrong with %s", (_, options, code, message) => {
  const [found, said] = mistakeIn(options);
  expect(found).toBe(code);
  expect(said).toMatch(message);
});

test.each<[string, unknown, RegExp]>([
  ["a variable that is not set", { url: undefined }, /`url` is undefined\. Give it a `url` such as "redis:/],
  ["nothing of where it is", { prefix: "app" }, /not told where Redis is/],
  ["a variable that is empty", { url: "" }, /`url` is ""\. Give it a `url` such as "redis:/],
])("%s is told to the app that starts with it, and to no test that imports it", async (_, options, message) => {
  const broker = redis(options as RedisOptions); // what a user may write
  const connecting = broker.connect(new RecordingNode());
  await expect(connecting).rejects.toMatchObject({ name: "ConfigError", code: "missing_redis" });
  await expect(broker.connect(new RecordingNode())).rejects.toThrow(message);
});

test("a URL that can't be is not shown, since a password may be in it", () => {
  expect(mistakeIn({ url: "http://ana:secret@localhost" })[1]).not.toContain("secret");
  expect(mistakeIn({ url: "redis//ana:secret@localhost" })[1]).not.toContain("secret");
});

test.each([
  ["a URL", { url }],
  ["a URL with TLS, a user and a database", { url: "rediss://ana:secret@localhost:6380/3" }],
  ["node-redis's options", { options: { socket: { host: "localhost", port: 6379 } } }],
  ["a URL with what goes beside it", { url, options: { username: "ana", password: "secret" } }],
  ["node-redis's client", { client: createClient({ url }) }],
  ["node-redis's cluster", { client: createCluster(cluster) }],
  ["sentinels", { sentinel }],
  ["a cluster", { cluster }],
  [
    "all that may be said",
    {
      url,
      prefix: "app:1",
      timeout: "1s",
      lease: "10s",
      positionTtl: "7d",
      queue: 1,
      replicas: 2,
      whenUnavailable: "queue",
    },
  ],
  ["what is left out", { url, client: undefined, options: undefined, prefix: undefined, queue: undefined }],
] as [string, Parameters<typeof redis>[0]][])(
  "%s will do, and nothing is dialled before an app starts",
  (_, options) => {
    expect(redis(options)["~is"]).toBe("broker");
  },
);

test("where nobody answers, the app does not start, and is told why", async () => {
  const broker = redis({ url: "redis://127.0.0.1:1", timeout: "200ms" });
  const connecting = broker.connect(new RecordingNode());
  await expect(connecting).rejects.toMatchObject({ code: "unavailable" });
  await expect(connecting).rejects.toMatchObject({ cause: { message: expect.stringContaining("ECONNREFUSED") } });
});
