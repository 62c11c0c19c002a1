import type { Browser, Page } from "playwright-core";
import { type AppOptions, channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { CutLine } from "../support/cut-line.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serveUnder } from "../support/prefix-proxy.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, type WsClient } from "../support/ws-client.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
beforeAll(async () => {
  [browser] = await Promise.all([launchChromium(), buildPages()]);
});
afterAll(() => browser.close());

const prices = channel("prices/:symbol", {
  events: { tick: z.object({ price: z.number() }) },
  history: { size: 10, ttl: "1m" },
  allow: { subscribe: true },
});
const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  channels: [prices],
  receives: { say: z.object({ text: z.string() }) },
  on: { say() {} },
});

test("the overview has the figures of the process, live, as tiles, as charts and as a table", async () => {
  await using server = await serveRoom();
  await enter(server, "ana");
  await using visitor = await open(server, "");
  const { page } = visitor;
  await tile(page, "Users").filter({ hasText: "1" }).waitFor();
  await enter(server, "bob");
  await tile(page, "Users").filter({ hasText: "2" }).waitFor();
  await tile(page, "Connections").filter({ hasText: "3" }).waitFor(); // this page's own, too
  await tile(page, "Broker").filter({ hasText: "there" }).waitFor();

  const charts = page.getByRole("region", { name: "Over time" }).getByRole("figure");
  expect(await charts.count()).toBe(12);
  const users = charts.filter({ hasText: "users" });
  await users.getByText("Values", { exact: false }).first().click();
  const newest = users.getByRole("row").nth(1).getByRole("cell");
  await newest.nth(2).filter({ hasText: "2" }).waitFor();
  expect(await newest.nth(0).textContent()).toMatch(/^\d+:\d\d:\d\d/);
  expect(visitor.faults).toEqual([]);
});

test("where the pointer is in one chart, all charts say what was then", async () => {
  await using server = await serveRoom();
  await using visitor = await open(server, "");
  const { page } = visitor;
  const charts = page.getByRole("region", { name: "Over time" }).getByRole("figure");
  await tile(page, "Connections").filter({ hasText: "1" }).waitFor();
  await charts.first().getByRole("img").hover();
  await charts
    .nth(11)
    .getByText(/^at \d+:\d\d:\d\d/)
    .waitFor();
  await page.mouse.move(0, 0);
  await charts.nth(11).getByText(/^at /).waitFor({ state: "detached" });
  expect(visitor.faults).toEqual([]);
});

test("lists are filtered as one types, the address keeps it, and the way back leads past it", async () => {
  await using server = await serveRoom();
  for (const name of ["user:ana", "user:bob", "user:bobby"]) await enter(server, name);
  await using visitor = await open(server, "");
  const { page } = visitor;
  await page.getByRole("link", { name: "Connections", exact: true }).click();
  await page.getByText("4 connections").waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  expect(await page.title()).toBe(`Connections · Dashboard · ${new URL(page.url()).host}`);

  await page.getByLabel("Filter connections").fill("user:bob");
  await page.getByText("2 connections").waitFor();
  await page.reload();
  await page.getByText("2 connections").waitFor();
  expect(await page.getByLabel("Filter connections").inputValue()).toBe("user:bob");
  await page.getByLabel("Filter connections").fill("nobody at all");
  await page.getByText("No connections", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Connections", exact: true }).click();
  await page.getByText("4 connections").waitFor();
  expect(await page.getByLabel("Filter connections").inputValue()).toBe("");

  await page.goBack();
  await page.getByText("No connections", { exact: true }).waitFor();
  expect(await page.getByLabel("Filter connections").inputValue()).toBe("nobody at all");
  await page.goBack();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
});

test("channels are listed with who is on them and what they have heard", async () => {
  await using server = await serveRoom();
  const clients = [await enter(server, "ana"), await enter(server, "bob")];
  for (const client of clients) await client.ask("subscribe", { channel: "prices/BTC" });
  for (const price of [1, 2, 3]) await server.app.publish(prices({ symbol: "BTC" }), "tick", { price });
  await using visitor = await open(server, "#/channels?text=prices");
  const cells = visitor.page.getByRole("row").filter({ hasText: "prices/BTC" }).getByRole("cell");
  await cells.nth(0).filter({ hasText: "2" }).waitFor();
  expect(await cells.allTextContents()).toEqual(["2", "0", "3", "3"]);
  expect(visitor.faults).toEqual([]);
});

test("while the line is cut it says since when what is shown is old, and comes back by itself", async () => {
  await using server = await serveRoom();
  await using line = await CutLine.to(server.url);
  await using visitor = await Visitor.open(browser, `${line.url}/healthz`);
  const { page } = visitor;
  // Before the page has any timer: one that was set with another clock could not be cancelled with this one.
  await page.clock.install();
  await page.goto(`${line.url}/dashboard#/connections`);
  await page.getByText("1 connection", { exact: true }).waitFor();
  line.cut();
  const notice = page.getByRole("complementary", { name: "Not connected" });
  await notice.getByText(/^Not connected since \d+:\d\d:\d\d [AP]M \(\d s\): what is shown is of then/).waitFor();
  await page.clock.setSystemTime(Date.now() + 60_000);
  await notice.getByText(/^Not connected since .* \(1 min( \d s)?\): /).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  await enter(server, "ana");
  line.mend();
  await page.getByText("2 connections", { exact: true }).waitFor();
  await notice.waitFor({ state: "detached" });
});

test("where the guard lets the page in and not its connection, it says so", async () => {
  const guard = ({ headers }: { readonly headers: Headers }) => headers.get("upgrade") === null;
  await using server = await serveRoom({ http: { dashboard: { guard } } });
  await using visitor = await open(server, "");
  await visitor.page.getByText(/The server does not let this page in, with 1008 unauthorized/).waitFor();
  await visitor.page.getByRole("button", { name: "Load the page anew" }).waitFor();
});

test("under a prefix that a proxy takes away, and on a port of its own, it finds its files and its connection", async () => {
  await using server = await serveRoom({ http: { dashboard: true } });
  await using proxy = await serveUnder("/admin", server.url);
  const app = createApp({ endpoints: [room], logger: new LogRecorder(), http: { port: 0 } });
  await using _closing = { [Symbol.asyncDispose]: () => app.close() };
  const { pages } = await app.listen(0);
  for (const base of [`${proxy.url}/admin`, pages]) {
    await using visitor = await Visitor.open(browser, `${base}/dashboard#/connections`);
    await visitor.page.getByText("1 connection", { exact: true }).waitFor();
    expect(visitor.faults).toEqual([]);
  }
});

function serveRoom(options: Partial<AppOptions> = {}): Promise<ServedApp> {
  return serve({ endpoints: [room], ...options });
}

function enter(server: ServedApp, sub: string): Promise<WsClient> {
  return dial(`${server.url}/ws/rooms/a`, { token: signToken({ sub, exp: inSeconds(600) }) });
}

function open(server: ServedApp, hash: string): Promise<Visitor> {
  return Visitor.open(browser, `${server.url}/dashboard${hash}`);
}

/** What is said under that name at the top. */
function tile(page: Page, name: string) {
  return page
    .locator("dl.tiles > div")
    .filter({ has: page.getByText(name, { exact: true }) })
    .getByRole("definition");
}
