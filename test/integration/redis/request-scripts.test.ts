import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { redis } from "../../../src/redis/index.js";
import { takeOver } from "../../../src/redis/scripts/requests.js";
import { connectProcesses, untilAnswer } from "../../conformance/broker.js";
import { createGate } from "../../support/gate.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  await server.flushAll();
  await server.command("XGROUP", "CREATE", stream, group, "0", "MKSTREAM");
});

const stream = "tidings:requests";
const group = "tidings";
const put = (text = "{}") => server.command("XADD", stream, "*", "request", text);

/** As a process does once a third of a lease. */
async function take({ idleMs = 60_000, count = 10, most = 1_000 } = {}): Promise<number> {
  const args = [group, "me", idleMs, count, most].map(String);
  const [, gone] = (await server.command("EVAL", takeOver.source, "1", stream, ...args)) as [unknown, number];
  return gone;
}

async function consumers(): Promise<readonly string[]> {
  const found = (await server.command("XINFO", "CONSUMERS", stream, group)) as readonly {
    readonly name: string;
  }[];
  return found.map(({ name }) => name).toSorted();
}

test("of more requests than may wait the oldest are lost, and how many is told", async () => {
  for (let n = 0; n < 500; n += 1) await put();
  expect(await take()).toBe(0);
  // Redis trims in nodes of 100.
  const gone = await take({ most: 100 });
  expect(gone).toBeGreaterThan(200);
  expect(await server.command("XLEN", stream)).toBe(500 - gone);
});

test("of processes that have ended and have nothing left nothing stays", async () => {
  await put();
  await server.command("XREADGROUP", "GROUP", group, "busy", "COUNT", "1", "STREAMS", stream, ">");
  await server.command("XGROUP", "CREATECONSUMER", stream, group, "ended");
  // For now it may only be silent.
  await take();
  expect(await consumers()).toEqual(["busy", "ended"]);
  const found = await untilAnswer(
    async () => {
      await take({ idleMs: 0, count: 0 });
      return consumers();
    },
    (names) => !names.includes("ended"),
  );
  expect(found).toEqual(["busy"]);
});

test("a request that takes longer than a lease stays with the process that has it, and is done once", async () => {
  const create = () => redis({ url: server.url, requests: true, lease: "1s", timeout: "1s" });
  await using processes = await connectProcesses(create, 2);
  const gate = createGate();
  const began: string[] = [];
  for (const { link } of processes.all) {
    link.serveRequests?.(async (text) => {
      began.push(text);
      await gate.opened;
      return { replyTo: undefined, json: "{}", problem: undefined };
    }, 10);
  }
  await put("slow");
  const pending = async () => {
    const [found] = (await server.command("XPENDING", stream, group, "-", "+", "1")) as readonly Pending[];
    return found;
  };
  const taken = await untilAnswer(pending, (found) => found !== undefined);
  // It is said to be held three times a lease.
  let [holds, idleMs] = [0, 0];
  await untilAnswer(pending, (found) => {
    const [, process, nowMs = 0, times] = found ?? [];
    expect([process, times]).toEqual([taken?.[1], 1]);
    if (nowMs < idleMs) holds += 1;
    idleMs = nowMs;
    return holds === 4;
  });
  gate.open();
  await untilAnswer(
    () => server.command("XLEN", stream),
    (count) => count === 0,
  );
  expect(began).toEqual(["slow"]);
});

type Pending = readonly [id: string, process: string, idleMs: number, times: number];
