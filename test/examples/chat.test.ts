import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { app } from "../../examples/chat/app.js";
import { servePage } from "../../examples/page-server.js";
import { signIn } from "../../examples/sign-in.js";
import { launchChromium } from "../support/chromium.js";
import { type RedisServer, startRedis } from "../support/redis/redis-server.js";
import { dial, dialRefused, type WsClient } from "../support/ws-client.js";
import { OpenedPage, phone } from "./opened-page.js";
import { type StartedExample, startExample } from "./started-example.js";

let browser: Browser;
let redis: RedisServer;
/** Another process of the same app. */
let other: StartedExample;
beforeAll(async () => {
  [browser, redis] = await Promise.all([launchChromium(), startRedis()]);
  other = await startChat();
});
afterAll(async () => {
  await Promise.all([browser.close(), other[Symbol.asyncDispose]()]);
  await redis[Symbol.asyncDispose]();
});

test("P30: chat: who comes later sees what was said, who is here and who writes", async () => {
  await using ana = await enter(other.url, "Ana", "tea");
  await ana.enter("Message", "Is anybody here?");
  await using bob = await enter(other.url, "Bob", "tea", { colorScheme: "dark", viewport: phone });
  await bob.shows("Is anybody here?");
  await ana.shows("Bob joined");
  expect(await bob.page.locator("#members li").allTextContents()).toEqual(["Ana", "Bob (you)"]);
  await bob.field("Message").pressSequentially("I");
  await ana.shows("Bob writing…");
  await bob.enter("Message", "I am.");
  await ana.shows("I am.");
  await ana.page.getByText("Bob writing…").waitFor({ state: "hidden" });
  expect(await linesOf(ana)).toEqual(["Is anybody here?", "I am."]); // its own, once
  await bob.page.reload(); // leads to the same room
  await bob.shows("I am.");
  for (const page of [ana, bob]) expect(await page.flaws()).toEqual([]);
  await ana.page.getByRole("link", { name: "Leave" }).click();
  await ana.field("Your name").waitFor();
  expect(await ana.flaws()).toEqual([]);
});

test("P30: chat: nothing is lost while the server is away, nor said twice", async () => {
  await using first = await startChat();
  await using ana = await enter(first.url, "Ana", "restart");
  await using bob = await enter(other.url, "Bob", "restart");
  await ana.enter("Message", "one, over two processes");
  await bob.shows("one, over two processes");
  expect(await first.program.stop()).toBe(0);
  await ana.shows("The connection is lost. It will be tried again.");
  await ana.enter("Message", "three, while the server is away");
  await ana.shows("not sent yet");
  expect(await ana.flaws()).toEqual([]);
  await bob.enter("Message", "two, by another server");
  await bob.shows("two, by another server");

  await using _again = await startChat(new URL(first.url).port);
  await ana.connectsAgain();
  const said = ["one, over two processes", "two, by another server", "three, while the server is away"];
  await bob.shows("three, while the server is away");
  await ana.page.getByText("not sent yet").waitFor({ state: "detached" });
  for (const page of [ana, bob]) expect(await linesOf(page)).toEqual(said);
  expect(await ana.page.getByText("may be missing").count()).toBe(0);
});

test("P30: chat: by a server that knows nothing of before, who comes back is no news and who is new is", async () => {
  let server = await serve();
  const { port } = new URL(server.url);
  await using ana = await enter(server.url, "Ana", "memory");
  await using bob = await enter(server.url, "Bob", "memory");
  await ana.shows("Bob joined");
  await server.close();
  for (const page of [ana, bob]) await page.page.locator(".old #members").waitFor();
  expect(await ana.flaws()).toEqual([]);
  server = await serve(Number(port));
  try {
    await ana.connectsAgain();
    await ana.shows("What was said meanwhile may be missing here.");
    await bob.connectsAgain();
    await ana.page.locator("#room:not(.old) #members li").getByText("Bob").waitFor();
    await using _carl = await enter(server.url, "Carl", "memory");
    await ana.shows("Carl joined");
    const notices = await ana.page.locator("#lines .notice").allTextContents();
    expect(notices).toEqual(["Bob joined", "What was said meanwhile may be missing here.", "Carl joined"]);
  } finally {
    await server.close();
  }
});

test("P30: chat: any client may talk, for itself alone; what it writes it hears, that it writes it does not", async () => {
  const channel = "chat/plain";
  const [ana, bob] = [await dialAs("Ana"), await dialAs("Bob")];
  for (const client of [ana, bob])
    for (const name of [channel, "typing/plain"]) await client.ask("subscribe", { channel: name }, name);
  ana.send({ type: "typing", payload: { room: "plain" } });
  expect(await bob.next()).toMatchObject({ type: "typing", payload: { name: "Ana" } });
  ana.send({ type: "publish", payload: { channel, type: "said", payload: { from: "Ana", text: " hello " } } });
  for (const client of [ana, bob]) {
    const payload = { from: "Ana", text: "hello", at: expect.stringMatching(/^20.*Z$/) };
    expect(await client.next()).toEqual({ type: "said", channel, offset: 1, payload });
  }
  const forged = { channel, type: "said", payload: { from: "Bob", text: "I owe Ana money" } };
  expect(await ana.ask("publish", forged)).toMatchObject({ type: "error", payload: { code: "forbidden" } });
  const empty = { channel, type: "said", payload: { from: "Ana", text: "  " } };
  expect(await ana.ask("publish", empty)).toMatchObject({ type: "error", payload: { code: "invalid_payload" } });
  ana.close();
  expect(await bob.takeAll()).toEqual([]);
  bob.close();
  expect(await dialRefused(`${other.url}/ws`)).toMatchObject({ status: 401 });
});

/** In this process, without Redis. */
function serve(port = 0): ReturnType<typeof servePage> {
  return servePage({ app, page: new URL("../../examples/chat/page/", import.meta.url), routes: signIn }, { port });
}

function startChat(port = "0"): Promise<StartedExample> {
  return startExample("chat", {
    PORT: port,
    REDIS_URL: redis.url,
    TIDINGS_JWT_SECRET: "the secret of both processes: 1, 2",
  });
}

async function enter(
  url: string,
  name: string,
  room: string,
  options?: Parameters<typeof OpenedPage.open>[2],
): Promise<OpenedPage> {
  const opened = await OpenedPage.open(browser, url, options);
  await opened.field("Room").fill(room);
  await opened.enter("Your name", name);
  await opened.shows(`${name} (you)`);
  return opened;
}

function linesOf({ page }: OpenedPage): Promise<string[]> {
  return page.locator("#lines .said").allTextContents();
}

async function dialAs(name: string): Promise<WsClient> {
  const token = await (await fetch(`${other.url}/token?name=${name}`)).text();
  return dial(`${other.url}/ws`, { token });
}
