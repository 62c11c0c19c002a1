import { channel, endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { connect, whenLive } from "tidings/client";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Answer, ProcessSample, Question } from "../../../src/dashboard/contract.js";
import type { Dashboard } from "../../../src/dashboard/dashboard.js";
import { Inbox } from "../../support/inbox.js";
import { Apps } from "../../support/redis/apps.js";
import { startProxy } from "../../support/redis/proxy.js";
import { startRedis } from "../../support/redis/redis-server.js";
import type { ServedApp } from "../../support/served-app.js";
import { dial } from "../../support/ws-client.js";

const news = channel("news", { events: { item: z.object({ n: z.number() }) }, allow: { subscribe: true } });
const room = endpoint("/ws", { auth: bearer({ verify: (token) => ({ id: token }) }), channels: [news] });

/** A Redis, a way to it, and two processes on that. */
async function startWorld() {
  const redis = await startRedis();
  const proxy = await startProxy(redis);
  const apps = new Apps({ url: proxy.url, timeout: "500ms" });
  const start = () => apps.start({ endpoints: [room], http: { dashboard: true } });
  return {
    proxy,
    a: await start(),
    b: await start(),
    async [Symbol.asyncDispose]() {
      await apps[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** A dashboard that is open in a browser, as far as its connection goes. */
function openPage({ url }: ServedApp) {
  const client = connect<Dashboard["endpoint"]>(`${url}/dashboard/live`);
  const [samples, answers] = [new Inbox<ProcessSample>("A sample"), new Inbox<Answer>("An answer")];
  client.on("sample", (sample) => samples.put(sample));
  client.on("answered", (answer) => answers.put(answer));
  return {
    client,
    samples,
    answers,
    /** When it hears what all processes tell. */
    listens: () => whenLive(client.subscribe("$dashboard", { onGap: () => {} })),
    ask: (question: Question) => client.request("ask", question),
    [Symbol.dispose]: () => client.close(),
  };
}
type Page = ReturnType<typeof openPage>;

/** The names of so many processes, as their samples come. */
async function processesOf({ samples }: Page, count: number): Promise<readonly string[]> {
  const names = new Set<string>();
  while (names.size < count) names.add((await samples.next()).process);
  return [...names];
}

/** No connection's id has a colon, or a search for a few letters would find some by chance. */
const list = (text: string): Question => ({ ask: text, about: "connections", which: "open", text });

test("a page of one process shows all: their samples, their connections, and one of another in full", async () => {
  await using world = await startWorld();
  const { a, b } = world;
  await dial(`${a.url}/ws`, { token: "user:ana" });
  const bob = await dial(`${b.url}/ws`, { token: "user:bob" });
  await bob.ask("subscribe", { channel: "news" });
  using page = openPage(a);
  await page.listens();
  expect(await processesOf(page, 2)).toHaveLength(2);

  await page.ask(list(":b"));
  const found = await page.answers.next((answer) => answer.about === "connections" && answer.count === 1);
  if (found.about !== "connections") throw new Error("It lists connections.");
  const [row] = found.rows;
  expect(row).toMatchObject({ user: "user:bob", endpoint: "/ws", stage: "open" });

  await page.ask({ ask: "one", about: "connection", id: row?.id ?? "" });
  const answer = await page.answers.next(({ ask }) => ask === "one");
  expect(answer).toMatchObject({
    process: found.process,
    report: { user: "user:bob", channels: [{ channel: "news", state: "live" }] },
  });
  bob.close(4001, "gone home");
  expect(
    await page.answers.next((next) => next.about === "connection" && next.report.stage === "closed"),
  ).toMatchObject({
    process: found.process,
    report: { user: "user:bob", closed: { code: 4001, reason: "gone home", by: "peer" } },
  });
});

test("a page of any process disconnects a user from all of them", async () => {
  await using world = await startWorld();
  const { a, b } = world;
  const devices = [await dial(`${a.url}/ws`, { token: "user:ana" }), await dial(`${b.url}/ws`, { token: "user:ana" })];
  const bob = await dial(`${b.url}/ws`, { token: "user:bob" });
  using page = openPage(a);
  await page.client.request("disconnect", { user: "user:ana" });
  for (const { closed } of devices) expect(await closed).toEqual({ code: 1008, reason: "forbidden" });
  expect(await bob.takeAll()).toEqual([]);
});

test("of a process that has closed nothing comes any more, and the others go on", async () => {
  await using world = await startWorld();
  const { a, b } = world;
  using page = openPage(a);
  await page.listens();
  expect(await processesOf(page, 2)).toHaveLength(2);
  const { process: own } = await page.samples.next(({ connections }) => connections === 1);
  await b.app.close();
  const others = () => page.samples.unread.filter(({ process }) => process !== own).length;
  await page.samples.next(({ process }) => process === own);
  // What was on its way has come by then.
  const before = others();
  for (let n = 0; n < 2; n += 1) await page.samples.next(({ process }) => process === own);
  expect(others()).toBe(before);
});

test("while Redis is away each process shows itself, and says so; when it is back all are there again", async () => {
  await using world = await startWorld();
  const { a, b, proxy } = world;
  await dial(`${a.url}/ws`, { token: "user:ana" });
  using page = openPage(a);
  await page.listens();
  expect(await processesOf(page, 2)).toHaveLength(2);
  proxy.cut();
  const away = await page.samples.next(({ isBrokerAway }) => isBrokerAway);
  await page.ask(list(":an"));
  expect(await page.answers.next()).toMatchObject({ process: away.process, count: 1, rows: [{ user: "user:ana" }] });
  await expect(page.client.request("disconnect", { user: "user:ana" })).rejects.toMatchObject({ code: "unavailable" });
  // Also to who comes now, anywhere.
  using late = openPage(b);
  expect((await late.samples.next()).isBrokerAway).toBe(true);
  await late.ask(list("dashboard"));
  expect(await late.answers.next()).toMatchObject({ count: 1, rows: [{ endpoint: "/dashboard/live" }] });

  proxy.mend();
  await late.listens();
  await late.samples.next(({ process, isBrokerAway }) => process === away.process && !isBrokerAway);
  await page.samples.next(({ process, isBrokerAway }) => process !== away.process && !isBrokerAway);
  await late.answers.next(({ process }) => process === away.process);
  for (const { errors } of [a, b]) expect(errors.unread).toEqual([]);
});
