import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe } from "vitest";
import type { Broker } from "../../src/broker/broker.js";
import { type RedisOptions, redis } from "../../src/redis/index.js";
import { readAclRule } from "../support/redis/acl-rule.js";
import { startCluster } from "../support/redis/cluster.js";
import { startRedis } from "../support/redis/redis-server.js";
import { startSentinels } from "../support/redis/sentinel.js";
import { describeBroker } from "./broker.js";
import { tlsCertificate } from "./tls-certificate.js";

const startPlain = () => startRedis();

describe("the broker in one Redis", () => describeOver(startPlain, ({ url }) => ({ url })));

describe("the broker in another database, by the user's own client", () =>
  describeOver(startPlain, ({ url }) => ({ client: createClient({ url, database: 3 }) })));

describe("the broker over TLS, as a user that may do just what is documented", () =>
  describeOver(
    () => startRedis({ tls: true, users: { app: `on >secret ${readAclRule()}` } }),
    ({ host, port }) => ({
      options: { username: "app", password: "secret", socket: { host, port, tls: true, ca: tlsCertificate.cert } },
    }),
  ));

describe("the broker at the master that sentinels name", () =>
  describeOver(startSentinels, ({ name, nodes }) => ({
    sentinel: { name, sentinelRootNodes: nodes.map(({ host, port }) => ({ host, port })) },
  })));

describe("the broker in a cluster", () =>
  describeOver(startCluster, ({ nodes }) => ({ cluster: { rootNodes: nodes.map(({ url }) => ({ url })) } })));

describe("the broker in a cluster, by the user's own client", () =>
  describeOver(startCluster, ({ nodes }) => ({
    client: createCluster({ rootNodes: nodes.slice(0, 1).map(({ url }) => ({ url })) }),
  })));

/** The whole suite on servers of its own, each broker with a prefix of its own. */
function describeOver<Servers extends AsyncDisposable>(
  start: () => Promise<Servers>,
  optionsOf: (servers: Servers) => RedisOptions,
): void {
  let servers: Servers;
  let brokers = 0;
  beforeAll(async () => {
    servers = await start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());
  describeBroker((): Broker => {
    brokers += 1;
    return redis({ ...optionsOf(servers), prefix: `tidings:${brokers}` });
  });
}
