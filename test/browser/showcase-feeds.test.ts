import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { signToken } from "../support/tokens.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";
import { Line } from "./cut-line.js";
import { type Showcase, startShowcase, tokenOf } from "./start-showcase.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
let showcase: Showcase;
beforeAll(async () => {
  [browser, showcase] = await Promise.all([launchChromium(), startShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase[Symbol.asyncDispose]();
});

test("P13: `subscribe` is answered `subscribed`, and `ping` `pong`", async () => {
  const client = await enter("/ws", "alice");
  expect(await client.ask("subscribe", { channel: "news" }, 7)).toMatchObject({
    type: "subscribed",
    id: 7,
    channel: "news",
  });
  expect(await client.ask("ping", {})).toMatchObject({ type: "pong" });
  expect(await client.ask("subscribe", { channel: "nothing" })).toMatchObject({ payload: { code: "not_found" } });
});

test("P14: a client hears several topics over one connection, and lets go of one by message", async () => {
  const client = await enter("/ws", "alice");
  const btc = await client.ask("subscribe", { channel: "prices/BTC" });
  expect(btc).toMatchObject({
    type: "subscribed",
    channel: "prices/BTC",
    payload: { epoch: expect.any(String), state: { price: expect.any(Number) } },
  });
  client.send({ type: "subscribe", payload: { channel: "prices/GOLD" }, id: "gold" });
  await client.takeUntil("gold");
  const both = await client.take(4);
  expect(new Set(both.map(({ channel }) => channel))).toEqual(new Set(["prices/BTC", "prices/GOLD"]));
  client.send({ type: "unsubscribe", payload: { channel: "prices/BTC" }, id: "off" });
  await client.takeUntil("off");
  const after = await client.take(3);
  expect(after.map(({ type, channel }) => ({ type, channel }))).toEqual(
    after.map(() => ({ type: "tick", channel: "prices/GOLD" })),
  );
});

test("P14: /ws/subscribe/:topic hears the topic in its path, from the first event on and without a word", async () => {
  const client = await enter("/ws/subscribe/GOLD", "alice");
  const ticks = await client.take(2);
  expect(ticks).toEqual(
    ticks.map(() => ({
      type: "tick",
      channel: "prices/GOLD",
      offset: expect.any(Number),
      payload: { price: expect.any(Number) },
    })),
  );
  expect(offsetsOf(ticks, "prices/GOLD")).toEqual(inARow(ticks));
  client.send({ type: "unsubscribe", payload: { channel: "prices/GOLD" }, id: "off" });
  const isAnswer = ({ id }: Arrival) => id === "off";
  let answer = await client.next();
  while (!isAnswer(answer)) answer = await client.next();
  expect(answer).toMatchObject({ type: "error", payload: { code: "forbidden" } });
});

test("P14: a topic that nobody publishes to is quiet, and others can be had by message beside it", async () => {
  const client = await enter("/ws/subscribe/nothing", "alice");
  expect(await client.ask("subscribe", { channel: "prices/none" })).toMatchObject({
    payload: { state: { price: null } },
  });
  expect(await client.ask("subscribe", { channel: "prices/ETH" })).toMatchObject({ type: "subscribed" });
  expect((await client.take(2)).map(({ channel }) => channel)).toEqual(["prices/ETH", "prices/ETH"]);
});

test("P14: who may not publish news is told so, and an admin's reaches everybody", async () => {
  const [alice, admin] = await Promise.all([enter("/ws", "alice"), enter("/ws", "admin")]);
  for (const client of [alice, admin]) await client.ask("subscribe", { channel: "news" });
  const item = (text: string) => ({ channel: "news", type: "item", payload: { text } });
  expect(await alice.ask("publish", item("mine"))).toMatchObject({
    type: "error",
    channel: "news",
    payload: { code: "forbidden", message: "Only an admin may publish news." },
  });
  expect(await admin.ask("publish", item(""))).toMatchObject({ payload: { code: "invalid_payload" } });
  admin.send({ type: "publish", payload: item("ours"), id: 1 });
  const event = await admin.next();
  const offset = offsetOf(event);
  expect(event).toEqual({ type: "item", channel: "news", offset, payload: { text: "ours" } });
  expect(await admin.next()).toEqual({ type: "reply", id: 1, channel: "news", payload: { offset } });
  expect(await alice.next()).toEqual(event);
});

test("P14: a page shows prices that move, and of those it lets go nothing more comes", async () => {
  await using alice = await open(showcase.links.alice);
  const seen = listen(alice.page);
  await openFeeds(alice.page);
  await alice.page.getByLabel("GOLD").check();
  for (const symbol of ["BTC", "GOLD"]) await priceMoves(alice.page, symbol);

  await alice.page.getByLabel("BTC").uncheck();
  for (let moves = 0; moves < 2; moves += 1) await priceMoves(alice.page, "GOLD");
  expect(await priceOf(alice.page, "BTC").textContent()).toBe("");
  const end = seen.findIndex(({ type, channel }) => type === "unsubscribed" && channel === "prices/BTC");
  expect(offsetsOf(seen.slice(0, end), "prices/BTC").length).toBeGreaterThan(0);
  expect(offsetsOf(seen.slice(end), "prices/BTC")).toEqual([]);
  expect(seen.filter(({ type }) => type === "connected")).toHaveLength(1);

  await alice.page.getByLabel("BTC").check();
  await priceMoves(alice.page, "BTC");
  expect(alice.faults).toEqual([]);
});

test("P14: two pages see who reads, one publishes news, and the one that may not is told so", async () => {
  await using own = await startShowcase(); // where nobody else reads
  await using admin = await open(own.links.admin);
  await openFeeds(admin.page);
  await admin.page.getByText("Reading the news: Admin", { exact: true }).waitFor();
  await using alice = await open(own.links.alice);
  await openFeeds(alice.page);
  for (const { page } of [admin, alice])
    await page.getByText("Reading the news: Admin, Alice", { exact: true }).waitFor();

  await publish(admin.page, "tidings <b>have come</b>");
  for (const { page } of [admin, alice]) await newsItem(page, "tidings <b>have come</b>").waitFor();
  await publish(alice.page, "mine too");
  await alice.page.getByRole("alert").getByText("Not published: Only an admin may publish news.").waitFor();
  expect(await alice.page.getByLabel("News", { exact: true }).and(alice.page.locator("input")).inputValue()).toBe(
    "mine too",
  );
  await publish(admin.page, "the last");
  await newsItem(alice.page, "the last").waitFor();
  expect(await newsItem(alice.page, "mine too").count()).toBe(0);
  expect([...admin.faults, ...alice.faults]).toEqual([]);
});

test("a page whose line was cut comes back to where it stood: what it had missed comes once, and it says how much", async () => {
  await using line = await Line.to(showcase.url);
  const admin = await enter("/ws", "admin");
  await using alice = await open(showcase.links.alice?.replace(showcase.url, line.url));
  await openFeeds(alice.page);
  await alice.page.getByLabel("BTC").uncheck();
  await say(admin, "before");
  await newsItem(alice.page, "before").waitFor();

  line.cut();
  await alice.page.getByRole("group").getByText("The connection was lost, or could not be made (1006).").waitFor();
  for (const text of ["while away 1", "while away 2"]) await say(admin, text);
  line.mend();
  await alice.page.getByText("Live again. Missed meanwhile, and here now: 2.", { exact: true }).waitFor();
  await say(admin, "after");
  await newsItem(alice.page, "after").waitFor();
  const items = await alice.page.getByRole("log", { name: "News" }).getByRole("listitem").allTextContents();
  expect(items.slice(0, 4)).toEqual(["after", "while away 2", "while away 1", "before"]);
});

test("who closes prices and news and opens them again is told what came meanwhile", async () => {
  const admin = await enter("/ws", "admin");
  await using alice = await open(showcase.links.alice);
  await openFeeds(alice.page);
  await alice.page.getByLabel("BTC").uncheck();
  const heading = alice.page.getByText("Prices and news", { exact: true });
  await heading.click();
  await say(admin, "behind a closed door");
  await heading.click();
  await alice.page.getByText("Live again. Missed meanwhile, and here now: 1.", { exact: true }).waitFor();
  await newsItem(alice.page, "behind a closed door").waitFor();
});

test("of prices that go on while its line is cut, a page misses none and hears none twice", async () => {
  await using line = await Line.to(showcase.url);
  const other = await enter("/ws/subscribe/BTC", "bob");
  await using alice = await open(showcase.links.alice?.replace(showcase.url, line.url));
  const seen = listen(alice.page);
  await openFeeds(alice.page);
  await priceMoves(alice.page, "BTC");

  line.cut();
  await other.takeAll();
  await other.take(3);
  line.mend();
  await alice.page.getByText(/^Live again\. Missed meanwhile, and here now: [1-9]\d*\.$/).waitFor();
  await priceMoves(alice.page, "BTC");
  const ticks = seen.filter(({ type }) => type === "tick");
  expect(offsetsOf(ticks, "prices/BTC")).toEqual(inARow(ticks));
  expect(seen.filter(({ type }) => type === "connected")).toHaveLength(2);
});

test("a page whose server has forgotten everything is told so, and goes on", async () => {
  const env = { JWT_SECRET: "one secret for both of its lives: 1 and 2" };
  const token = signToken({ sub: "alice", name: "Alice" }, { key: env.JWT_SECRET });
  await using first = await startShowcase(env);
  await using alice = await open(`${first.url}/#token=${token}`);
  await openFeeds(alice.page);
  await priceMoves(alice.page, "BTC");
  expect(await first.program.stop()).toBe(0);
  await using _second = await startShowcase({ ...env, PORT: new URL(first.url).port });
  await alice.page.getByText("Live again, but what came meanwhile is lost.", { exact: true }).waitFor();
  await priceMoves(alice.page, "BTC");
});

test("on a phone the keyboard opens the prices and follows one, and the page stays as wide and high as the screen", async () => {
  await using alice = await open(showcase.links.alice, { width: 360, height: 640 });
  await alice.notice("You are in lobby as Alice").waitFor();
  const admin = await enter("/ws", "admin");
  for (let line = 1; line <= 10; line += 1) await say(admin, `line ${line}`);
  for (const key of ["Tab", "Tab", "Enter"]) await alice.page.keyboard.press(key);
  await alice.page.getByText("Live", { exact: true }).waitFor();
  await newsItem(alice.page, "line 10").waitFor();
  for (const key of ["Tab", "Tab", "Space"]) await alice.page.keyboard.press(key);
  await priceMoves(alice.page, "ETH");
  expect(await alice.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await alice.page.evaluate(() => document.documentElement.scrollHeight)).toBe(640);
  const send = await alice.page.getByRole("button", { name: "Send" }).boundingBox();
  const panel = await alice.page.getByRole("group").boundingBox();
  expect(Number(send?.y) + Number(send?.height)).toBeLessThan(Number(panel?.y));
});

function enter(path: string, who: string): Promise<WsClient> {
  return dial(showcase.url + path, { token: tokenOf(showcase.links[who]) });
}

function open(link: string | undefined, viewport?: { width: number; height: number }): Promise<Visitor> {
  return Visitor.open(browser, link, viewport);
}

async function openFeeds(page: Page): Promise<void> {
  await page.getByText("Prices and news", { exact: true }).click();
  await page.getByText("Live", { exact: true }).waitFor();
}

/** What the page is told from now on, over all its connections to the feeds. */
function listen(page: Page): Arrival[] {
  const seen: Arrival[] = [];
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).pathname !== "/ws") return;
    socket.on("framereceived", ({ payload }) => seen.push(JSON.parse(String(payload))));
  });
  return seen;
}

function priceOf(page: Page, symbol: string) {
  return page.getByRole("list", { name: "Prices" }).getByRole("listitem").filter({ hasText: symbol }).locator("span");
}

/** Resolves when another price is shown than now. */
async function priceMoves(page: Page, symbol: string): Promise<void> {
  const price = priceOf(page, symbol);
  const now = await price.textContent();
  await price.filter({ hasText: /\d/, hasNotText: now || "none" }).waitFor();
}

function newsItem(page: Page, text: string) {
  return page.getByRole("log", { name: "News" }).getByText(text, { exact: true });
}

async function publish(page: Page, text: string): Promise<void> {
  await page.getByLabel("News", { exact: true }).and(page.locator("input")).fill(text);
  await page.keyboard.press("Enter");
}

async function say(admin: WsClient, text: string): Promise<void> {
  const answer = await admin.ask("publish", { channel: "news", type: "item", payload: { text } });
  expect(answer.type).toBe("reply");
}

function offsetsOf(seen: readonly Arrival[], channel: string): number[] {
  return seen.filter((each) => each.type === "tick" && each.channel === channel).map(offsetOf);
}

function offsetOf(event: Arrival | undefined): number {
  return Number(Object(event).offset);
}

/** From the first one's offset on, one after the other. */
function inARow(ticks: readonly Arrival[]): number[] {
  return ticks.map((_, index) => offsetOf(ticks[0]) + index);
}
