import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { type RedisServer, startRedis } from "../support/redis/redis-server.js";
import { dial, type WsClient } from "../support/ws-client.js";
import { OpenedPage, phone } from "./opened-page.js";
import { type StartedExample, startExample } from "./started-example.js";

const apiKey = "the-key-of-another-backend";

let browser: Browser;
let redis: RedisServer;
/** Another process of the same app. */
let other: StartedExample;
beforeAll(async () => {
  [browser, redis] = await Promise.all([launchChromium(), startRedis()]);
  other = await startNotifications();
});
afterAll(async () => {
  await Promise.all([browser.close(), other[Symbol.asyncDispose]()]);
  await redis[Symbol.asyncDispose]();
});

test("P30: notifications: all devices of a user have them, and what one marks as read is read on all", async () => {
  await using phoneOfAna = await enter(other.url, "Ana", { viewport: phone, colorScheme: "dark" });
  await using laptopOfAna = await enter(other.url, "Ana");
  await using bob = await enter(other.url, "Bob");
  expect(await post(other.url, "inbox/Ana", "Your parcel is on its way")).toBe(200);
  for (const page of [phoneOfAna, laptopOfAna]) await page.shows("Your parcel is on its way");
  await bob.field("To").fill("Ana");
  await bob.enter("Text", "Lunch?");
  await bob.shows("Ana is told, or will be.");
  for (const page of [phoneOfAna, laptopOfAna]) await page.shows("2 unread");
  expect(await laptopOfAna.page.title()).toBe("(2) Notifications");
  await phoneOfAna.page.getByRole("button", { name: "Mark as read" }).first().press("Enter");
  await laptopOfAna.shows("1 unread");
  expect(await laptopOfAna.page.locator(".unread").allTextContents()).toEqual([expect.stringContaining("parcel")]);
  await using tablet = await enter(other.url, "Ana");
  await tablet.shows("1 unread");
  await tablet.press("Mark all as read");
  for (const page of [phoneOfAna, laptopOfAna]) await page.shows("0 unread");
  await bob.shows("Nothing yet");
  for (const page of [phoneOfAna, laptopOfAna, bob]) expect(await page.flaws()).toEqual([]);
});

test("P30: notifications: what came while nobody was there, or the server was away, is there", async () => {
  await post(other.url, "inbox/Cleo", "before anybody came");
  await using first = await startNotifications();
  await using cleo = await enter(first.url, "Cleo");
  await cleo.shows("before anybody came");
  expect(await first.program.stop()).toBe(0);
  await cleo.shows("The connection is lost. It will be tried again.");
  await cleo.press("Mark all as read"); // waits
  await cleo.shows("1 unread, marking…");
  await post(other.url, "inbox/Cleo", "while the server was away");
  await using _again = await startNotifications(new URL(first.url).port);
  await cleo.connectsAgain();
  await cleo.shows("while the server was away");
  await cleo.shows("1 unread");
  await using late = await enter(other.url, "Cleo");
  await late.shows("1 unread");
});

test("P30: notifications: past 200 events the oldest goes, on who was there as on who comes", async () => {
  await using first = await enter(other.url, "Fay");
  for (let n = 0; n <= 200; n += 1) await post(other.url, "inbox/Fay", `notice ${n}`);
  await first.shows("200 unread");
  await using second = await enter(other.url, "Fay");
  await second.press("Mark all as read"); // an event too
  for (const page of [first, second]) {
    await page.shows("0 unread");
    const shown = page.page.locator("#notices li");
    expect(await shown.count()).toBe(199);
    expect(await shown.last().locator("span").textContent()).toBe("notice 2");
  }
});

test("P30: notifications: nobody hears another's, nor speaks as a backend", async () => {
  const [dan, eve] = [await dialAs("Dan"), await dialAs("Eve")];
  const of = (user: string) => ({ channel: `inbox/${user}` });
  expect(await dan.ask("subscribe", of("Dan"))).toMatchObject({ payload: { state: { notices: [], unread: 0 } } });
  expect(await eve.ask("subscribe", of("Dan"))).toMatchObject({ payload: { code: "forbidden" } });
  await eve.ask("subscribe", of("Eve"));
  const forged = { type: "notified", payload: { text: "You have won" } };
  expect(await eve.ask("publish", { ...of("Dan"), ...forged })).toMatchObject({ payload: { code: "forbidden" } });
  expect(await eve.ask("publish", { ...of("Eve"), ...forged })).toMatchObject({ payload: { code: "forbidden" } });
  const read = { type: "read", payload: { offsets: [1] } };
  expect(await eve.ask("publish", { ...of("Dan"), ...read })).toMatchObject({ payload: { code: "forbidden" } });
  expect(await eve.ask("notify", { user: "Dan", text: "hello" })).toMatchObject({ type: "reply" });
  const payload = { text: "Eve: hello", at: expect.stringMatching(/^20.*Z$/) };
  expect(await dan.next()).toEqual({ type: "notified", ...of("Dan"), offset: 1, payload });
  expect(await eve.takeAll()).toEqual([]);
  expect(await post(other.url, "inbox/Dan", "x", "the-key-of-nobody-here")).toBe(401);
  for (const client of [dan, eve]) client.close();
});

function startNotifications(port = "0"): Promise<StartedExample> {
  const secret = "the secret of both processes: 1, 2";
  const env = { PORT: port, REDIS_URL: redis.url, API_KEY: apiKey, TIDINGS_JWT_SECRET: secret };
  return startExample("notifications", env);
}

async function enter(url: string, name: string, options?: Parameters<typeof OpenedPage.open>[2]): Promise<OpenedPage> {
  const opened = await OpenedPage.open(browser, url, options);
  await opened.enter("Your name", name);
  await opened.shows("Connected");
  return opened;
}

/** As another backend does it. Gives the status of the answer. */
async function post(url: string, channel: string, text: string, key = apiKey): Promise<number> {
  const headers = { "x-api-key": key, "content-type": "application/json" };
  const body = JSON.stringify({ channel, type: "notified", payload: { text } });
  return (await fetch(`${url}/api/publish`, { method: "POST", headers, body })).status;
}

async function dialAs(name: string): Promise<WsClient> {
  const token = await (await fetch(`${other.url}/token?name=${name}`)).text();
  return dial(`${other.url}/ws`, { token });
}
