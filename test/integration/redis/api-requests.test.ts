import { afterAll, beforeAll, expect, test } from "vitest";
import { apiApp, enter } from "../../support/api-app.js";
import { Apps } from "../../support/redis/apps.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Apps that take requests over Redis, and a program that has nothing but Redis. */
function startWorld(server: RedisServer = redis, options: ConstructorParameters<typeof Apps>[0] = {}) {
  const apps = new Apps({ url: server.url, requests: true, lease: "1s", timeout: "1s", ...options });
  const put = (request: unknown) =>
    server.command(
      "XADD",
      `${apps.prefix}:requests`,
      "*",
      "request",
      typeof request === "string" ? request : JSON.stringify(request),
    );
  let asked = 0;
  return {
    apps,
    put,
    /** What it is answered. */
    async ask(operation: string, params: object = {}): Promise<Record<string, unknown>> {
      asked += 1;
      const replyTo = `program-${asked}`;
      await put({ id: asked, operation, params, replyTo });
      return this.answerTo(replyTo);
    },
    async answerTo(replyTo: string): Promise<Record<string, unknown>> {
      const [, json] = (await server.command("BLPOP", `${apps.prefix}:replies:${replyTo}`, "10")) as [string, string];
      return JSON.parse(json);
    },
    [Symbol.asyncDispose]: () => apps[Symbol.asyncDispose](),
  };
}

const said = (text: string) => ({ channel: "chat/lobby", type: "said", payload: { text } });

test("a program that has only Redis publishes, and is answered where it looks", async () => {
  await using world = startWorld();
  const server = await world.apps.start(apiApp());
  const { client } = await enter(server, "ana");
  await client.ask("subscribe", { channel: "chat/lobby" });
  expect(await world.ask("publish", said("hi"))).toEqual({ id: 1, result: { epoch: expect.any(String), offset: 1 } });
  expect(await client.next()).toMatchObject({ type: "said", payload: { text: "hi" } });
});
