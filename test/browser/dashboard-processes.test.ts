import type { Browser, Locator, Page } from "playwright-core";
import { endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { Apps } from "../support/redis/apps.js";
import { startProxy } from "../support/redis/proxy.js";
import { startRedis } from "../support/redis/redis-server.js";
import type { ServedApp } from "../support/served-app.js";
import { dial, type WsClient } from "../support/ws-client.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
beforeAll(async () => {
  [browser] = await Promise.all([launchChromium(), buildPages()]);
});
afterAll(() => browser.close());

const room = endpoint("/ws", {
  auth: bearer({ verify: (token) => ({ id: token }) }),
  receives: { say: z.object({}) },
  on: { say() {} },
});

test("two processes are one overview and one list, and one that ends is gone five seconds later", async () => {
  await using world = await startWorld();
  const { a, b } = world;
  await Promise.all([enter(a, "user:ana"), enter(b, "user:bob"), enter(b, "user:bob")]);
  await using visitor = await Visitor.open(browser, `${a.url}/dashboard`);
  const { page } = visitor;
  await tile(page, "Connections").filter({ hasText: "4" }).waitFor(); // this page's own, too
  const choice = page.getByRole("combobox");
  await choice.getByText("all 2 processes").waitFor({ state: "attached" });
  const rows = page.getByRole("region", { name: "Processes" }).getByRole("row");
  const there = rows.filter({ has: page.getByText("there", { exact: true }) });
  expect(await there.count()).toBe(2);

  await choice.selectOption({ index: 2 });
  await tile(page, "Users").filter({ hasText: "1" }).waitFor();
  await tile(page, "Connections").getByRole("link").click();
  await page.getByText("2 connections").waitFor();
  await page.getByText("Of all processes").click();
  await page.getByText("4 connections").waitFor();
  await page.getByLabel("Filter connections").fill("user:bob");
  await page.getByText("2 connections").waitFor();
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByText("nothing is wrong").first().waitFor();

  await b.app.close();
  await page.getByText(/^Its process is gone, and with it the connection/).waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await rows.getByText("gone", { exact: true }).waitFor();
  await page.getByText(/^Gone: /).waitFor();
  await choice.getByText("1 of 2 processes").waitFor({ state: "attached" });
  await tile(page, "Connections").filter({ hasText: "2" }).waitFor();
  expect(visitor.faults).toEqual([]);
});

test("a user of another process is disconnected, and while the broker is away it says so and since when, and of the others that it can't see them", async () => {
  await using world = await startWorld();
  const { a, b } = world;
  const [ana, bob] = await Promise.all([enter(b, "user:ana"), enter(b, "user:bob")]);
  await using visitor = await Visitor.open(browser, `${a.url}/dashboard#/connections?text=user:ana`);
  const { page } = visitor;
  await page.getByRole("row").nth(1).getByRole("link").click();
  await disconnect(page, "user:ana");
  expect(await ana.closed).toEqual({ code: 1008, reason: "forbidden" });

  await page.goto(`${a.url}/dashboard#/connections?text=user:bob`);
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByRole("button", { name: "Disconnect user:bob" }).waitFor();
  world.proxy.cut();
  await disconnect(page, "user:bob");
  await page.getByText(/^Not disconnected: /).waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await tile(page, "Broker")
    .getByText(/^awayfor \d+ s/)
    .waitFor();
  await page.getByText(/^The broker is away: no process but this one can be seen\. They may well be there: /).waitFor();
  await page.getByRole("region", { name: "Processes" }).getByText("not seen", { exact: true }).waitFor();
  await tile(page, "Connections").filter({ hasText: "1" }).waitFor();
  expect(await page.getByText(/^Gone: /).count()).toBe(0);
  await page.getByRole("link", { name: "Connections", exact: true }).click();
  await page.getByText(/^1 connection\. The broker is away: these are of the one process/).waitFor();
  expect((await bob.ask("ping", {})).type).toBe("pong");
});

/** A Redis, a way to it, and two processes on that. */
async function startWorld() {
  const redis = await startRedis();
  const proxy = await startProxy(redis);
  const apps = new Apps({ url: proxy.url, timeout: "500ms" });
  const [a, b] = [await apps.start({ endpoints: [room] }), await apps.start({ endpoints: [room] })];
  return {
    proxy,
    a,
    b,
    async [Symbol.asyncDispose]() {
      await apps[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

function enter({ url }: ServedApp, token: string): Promise<WsClient> {
  return dial(`${url}/ws`, { token });
}

async function disconnect(page: Page, user: string): Promise<void> {
  await page.getByRole("button", { name: `Disconnect ${user}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disconnect", exact: true }).click();
}

/** What is said under that name at the top. */
function tile(page: Page, name: string): Locator {
  const named = page.locator("dl.tiles > div").filter({ has: page.getByText(name, { exact: true }) });
  return named.getByRole("definition");
}
