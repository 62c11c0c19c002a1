import type { Browser } from "playwright-core";
import { createApp, endpoint } from "tidings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serveUnder } from "../support/prefix-proxy.js";
import { serve } from "../support/served-app.js";
import { ConsoleVisitor, consoleOf } from "./console-visitor.js";

let browser: Browser;
beforeAll(async () => {
  await buildPages();
  browser = await launchChromium();
});
afterAll(() => browser.close());

const room = endpoint("/ws/rooms/:room", {
  receives: { whereami: z.object({}) },
  on: { whereami: ({ params }) => params.room },
});

test("where pages have a port of their own, the console there dials the app's", async () => {
  const app = createApp({ endpoints: [room], logger: new LogRecorder(), http: { port: 0 } });
  const { url, pages = "" } = await app.listen(0);
  await using _closing = { [Symbol.asyncDispose]: () => app.close() };
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(pages));
  await asksWhere(visitor, `${url.replace("http", "ws")}/ws/rooms/here`);
  expect(visitor.faults).toEqual([]);
});

test("under a prefix that a proxy takes away, all of it works", async () => {
  await using served = await serve({ endpoints: [room], http: { docs: true } });
  await using proxy = await serveUnder("/chat", served.url);
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(`${proxy.url}/chat`));
  await asksWhere(visitor, `${proxy.url.replace("http", "ws")}/chat/ws/rooms/here`);
  expect(visitor.faults).toEqual([]);
});

test("where the document can't be had, the page says so, and tries again", async () => {
  await using served = await serve({ endpoints: [room] });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("**/asyncapi.json", (route) => route.fulfill({ status: 503, body: "{}" }));
  await page.goto(consoleOf(served.url));
  await page.getByText("asyncapi.json was answered with 503").waitFor();
  await page.unroute("**/asyncapi.json");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { level: 1, name: "/ws/rooms/:room" }).waitFor();
  await context.close();
});

test("an app without an endpoint has a console that says so", async () => {
  await using served = await serve({ endpoints: [] });
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(served.url));
  await visitor.page.getByText("This app has no endpoint yet.").waitFor();
  expect(visitor.faults).toEqual([]);
});

test("when an app was started anew and says something else of itself, the page tells so and loads it", async () => {
  const first = createApp({ endpoints: [room], logger: new LogRecorder() });
  const { url } = await first.listen(0);
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(url));
  await visitor.page.getByLabel("room").first().fill("here");
  await visitor.connectButton.click();
  await visitor.outcome.getByText("It is open.").waitFor();
  await first.close();
  await visitor.connection(1).getByText("Closed", { exact: true }).waitFor();

  const second = createApp({ endpoints: [room, endpoint("/ws/new", {})], logger: new LogRecorder() });
  await second.listen(Number(new URL(url).port));
  await using _closing = { [Symbol.asyncDispose]: () => second.close() };
  await visitor.connection(1).getByRole("button", { name: "Dial again" }).click();
  await visitor.page.getByRole("status").getByText("The app has changed.").waitFor();
  expect(await visitor.page.getByRole("link", { name: "/ws/new" }).count()).toBe(0);
  await visitor.page.getByRole("button", { name: "Reload" }).click();
  await visitor.page.getByRole("link", { name: "/ws/new" }).waitFor();
  expect(await visitor.page.getByText("The app has changed.").count()).toBe(0);
});

/** Connects at that address, and is answered. */
async function asksWhere(visitor: ConsoleVisitor, address: string): Promise<void> {
  await visitor.page.getByLabel("room").first().fill("here");
  await visitor.page.getByText(address, { exact: true }).waitFor();
  await visitor.connectButton.click();
  await visitor.outcome.getByText("It is open.").waitFor();
  await visitor.messages.getByRole("button", { name: "Send whereami" }).click();
  await visitor.messages.locator(".answer pre").filter({ hasText: '"here"' }).waitFor();
}
