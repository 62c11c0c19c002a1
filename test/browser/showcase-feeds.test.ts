import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { CutLine } from "../support/cut-line.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";
import { linkTo, type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { tokenOf } from "./start-showcase.js";
import { Visitor, type VisitorOptions } from "./visitor.js";

let browser: Browser;
let showcase: ServedShowcase;
beforeAll(async () => {
  [browser, showcase] = await Promise.all([launchChromium(), serveShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase.close();
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
      payload: { price: expect.any(Number), at: expect.any(String) },
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

test("P14: a page shows a price that moves, and of one it lets go nothing more comes", async () => {
  await using alice = await open("alice");
  const seen = alice.heard;
  await priceMoves(alice.page, "BTC");
  await choose(alice.page, "GOLD");
  for (let moves = 0; moves < 2; moves += 1) await priceMoves(alice.page, "GOLD");
  const end = seen.findIndex(({ type, channel }) => type === "unsubscribed" && channel === "prices/BTC");
  expect(offsetsOf(seen.slice(0, end), "prices/BTC").length).toBeGreaterThan(0);
  expect(offsetsOf(seen.slice(end), "prices/BTC")).toEqual([]);
  expect(seen.filter(({ type }) => type === "connected")).toHaveLength(1);

  await choose(alice.page, "BTC");
  await priceMoves(alice.page, "BTC");
  const back = seen.findLastIndex(({ type, channel }) => type === "subscribed" && channel === "prices/BTC");
  const [before, after] = [offsetsOf(seen.slice(0, end), "prices/BTC"), offsetsOf(seen.slice(back), "prices/BTC")];
  // What came meanwhile is there, too.
  expect(after.slice(after.indexOf(before.at(-1) ?? 0))).toEqual(inARowFrom(before.at(-1) ?? 0, after));
  expect(alice.faults).toEqual([]);
});

test("P14: two pages see who reads, one publishes news, and the one that may not is told so", async () => {
  await using own = await serveShowcase(); // where nobody else reads
  await using admin = await Visitor.enter(browser, own.links.admin);
  await admin.page.getByText("Reading the news: Admin", { exact: true }).waitFor();
  await using alice = await Visitor.enter(browser, own.links.alice);
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
  await using line = await CutLine.to(showcase.url);
  const admin = await enter("/ws", "admin");
  await using alice = await open("alice", line.url);
  await say(admin, "before");
  await newsItem(alice.page, "before").waitFor();

  line.cut();
  await alice.page.getByText(/^The connection was lost, or could not be made \(1006\)\. Connecting again/).waitFor();
  for (const text of ["while away 1", "while away 2"]) await say(admin, text);
  line.mend();
  await alice.noted("news: 2 missed, and here now.");
  await say(admin, "after");
  await newsItem(alice.page, "after").waitFor();
  const items = await alice.page.getByRole("log", { name: "Published" }).getByRole("listitem").allTextContents();
  expect(items.slice(0, 4)).toEqual(["after", "while away 2", "while away 1", "before"]);
});

test("of prices that go on while its line is cut, a page misses none and hears none twice", async () => {
  await using line = await CutLine.to(showcase.url);
  const other = await enter("/ws/subscribe/BTC", "bob");
  await using alice = await open("alice", line.url);
  const seen = alice.heard;
  await priceMoves(alice.page, "BTC");

  line.cut();
  await other.takeAll();
  await other.take(3);
  line.mend();
  await alice.noted(/^prices\/BTC: [1-9]\d* missed, and here now\.$/);
  await priceMoves(alice.page, "BTC");
  const ticks = seen.filter(({ type }) => type === "tick");
  expect(offsetsOf(ticks, "prices/BTC")).toEqual(inARow(ticks));
  expect(seen.filter(({ type }) => type === "connected")).toHaveLength(2);
});

test("on a phone one follows a price, and the news and the page stay as wide as the screen", async () => {
  await using alice = await open("alice", showcase.url, { viewport: { width: 360, height: 640 } });
  const admin = await enter("/ws", "admin");
  for (let line = 1; line <= 10; line += 1) await say(admin, `line ${line}`);
  await newsItem(alice.page, "line 10").waitFor();
  await alice.page.getByRole("radio", { name: "BTC" }).focus();
  await alice.page.keyboard.press("ArrowRight");
  await priceMoves(alice.page, "ETH");
  expect(await alice.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

function enter(path: string, who: string): Promise<WsClient> {
  return dial(showcase.url + path, { token: tokenOf(showcase.links[who]) });
}

function open(who: string, url = showcase.url, options: VisitorOptions = {}): Promise<Visitor> {
  return Visitor.enter(browser, linkTo(showcase.links[who], { url }), options);
}

async function choose(page: Page, symbol: string): Promise<void> {
  await page.getByText(symbol, { exact: true }).click();
}

/** Resolves when another price of this symbol is shown than now. */
async function priceMoves(page: Page, symbol: string): Promise<void> {
  await page.getByRole("img", { name: new RegExp(`^${symbol} over the last [1-9]`) }).waitFor();
  const price = page.getByRole("region", { name: "Prices" }).locator("data");
  const now = await price.textContent();
  await price.filter({ hasText: /\d/, hasNotText: now || "none" }).waitFor();
}

function newsItem(page: Page, text: string) {
  return page.getByRole("log", { name: "Published" }).getByText(text, { exact: true });
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

function inARowFrom(first: number, offsets: readonly number[]): number[] {
  return offsets.slice(offsets.indexOf(first)).map((_, index) => first + index);
}

/** From the first one's offset on, one after the other. */
function inARow(ticks: readonly Arrival[]): number[] {
  return ticks.map((_, index) => offsetOf(ticks[0]) + index);
}
