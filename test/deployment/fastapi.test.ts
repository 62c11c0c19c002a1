import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Visitor, type VisitorOptions } from "../browser/visitor.js";
import { launchChromium } from "../support/chromium.js";
import { dialRefused } from "../support/ws-client.js";
import { FastApiExample } from "./fastapi-example.js";

let browser: Browser;
let example: FastApiExample;
beforeAll(async () => {
  [browser, example] = await Promise.all([launchChromium(), FastApiExample.start()]);
});
afterAll(async () => {
  await browser.close();
  await example[Symbol.asyncDispose]();
});

test("a page sees a job of FastAPI's come to its end, and who reloads in the middle sees at once how far it is", async () => {
  await using visitor = await enter();
  const { page } = visitor;
  await start(page, 10_000_000);
  await isUnderWay(page);
  await page.reload();
  await isUnderWay(page);
  const [arrival] = visitor.heard.filter(({ type }) => type === "subscribed").slice(-1);
  expect(arrival).toMatchObject({
    payload: { state: [{ type: "task_progress", payload: { name: "Primes below 10,000,000" } }] },
  });
  await page.getByRole("button", { name: "Cancel Primes below 10,000,000" }).click();
  await start(page, 100_000);
  await page.getByText("9592 primes", { exact: true }).waitFor();
  const ended = page.getByRole("listitem").filter({ hasText: "completed" });
  expect(await ended.getByRole("progressbar").evaluate((bar) => (bar as HTMLProgressElement).value)).toBe(100);
  // Of what is over nothing more is said: the state alone tells it.
  await page.reload();
  await page.getByText("9592 primes", { exact: true }).waitFor();
  expect(visitor.faults).toEqual([]);
});

test("all pages of one visitor show the same jobs, and those of another none of them", async () => {
  await using visitor = await enter();
  const other = await visitor.openTab(example.url);
  await using stranger = await enter();
  await start(visitor.page, 50_000);
  for (const page of [visitor.page, other]) await page.getByText("5133 primes", { exact: true }).waitFor();
  await stranger.page.getByText(/^No job yet/).waitFor();
});

test("a job that is cancelled at the page is over, at the page and in Python", async () => {
  await using visitor = await enter();
  await start(visitor.page, 10_000_000);
  await isUnderWay(visitor.page);
  await visitor.page.getByRole("button", { name: "Cancel Primes below 10,000,000" }).click();
  await visitor.page.getByText("cancelled", { exact: true }).waitFor();
  expect(await visitor.page.getByRole("button", { name: /^Cancel/ }).count()).toBe(0);
  const steps = await example.python(`
import primes
class Told:
    calls = 0
    def report_task(self, user, task, **how):
        self.calls += 1
        return self.calls < 3
told = Told()
primes.CountPrimes(told, "ana", "t1", 10_000).run()
print(told.calls)`);
  expect(steps).toBe("3");
});

test("a page says that Tidings is gone, and comes back with it; a job goes on all the while", async () => {
  await using own = await FastApiExample.start();
  await using visitor = await enter({}, own);
  await start(visitor.page, 1_000_000);
  await isUnderWay(visitor.page);
  expect(await own.stopTidings()).toBe(0);
  await visitor.page.getByText("Not connected. Trying again…").waitFor();
  await own.startTidings();
  await visitor.page.getByText("78498 primes", { exact: true }).waitFor();
  await visitor.page.getByText("Primes below 1,000,000", { exact: true }).waitFor();
});

test("what Tidings refuses is an error of Python's with its code", async () => {
  const refused = await example.python(`
import os
from tidings import Tidings, TidingsError
url = os.environ["TIDINGS_URL"]
key = os.environ["TIDINGS_HTTP_API_KEYS"]
for url, key, params in ((url, key + "?", {}), (url, key, {"user": "ana"}), ("http://127.0.0.1:9", key, {})):
    try:
        Tidings(url, key, "").call("tasks/report", params)
    except TidingsError as error:
        print(error.code)`);
  expect(refused.split("\n")).toEqual(["unauthorized", "bad_request", "unavailable"]);
  const socket = `${example.env.TIDINGS_URL}/ws`;
  expect(await dialRefused(socket, { token: "no" })).toMatchObject({ status: 401 });
});

test.each([
  ["light", {}],
  ["dark, on a phone", { colorScheme: "dark", viewport: { width: 360, height: 640 } }],
] as const)("axe finds nothing in the page when it is %s, and nothing scrolls sideways", async (_, options) => {
  await using visitor = await enter(options);
  await start(visitor.page, 5_000);
  await visitor.page.getByText("669 primes", { exact: true }).waitFor();
  await visitor.page.evaluate(axe.source);
  const { violations } = (await visitor.page.evaluate("axe.run()")) as axe.AxeResults; // by axe's own types
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  expect(await visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
});

async function enter(options: VisitorOptions = {}, { url } = example): Promise<Visitor> {
  const visitor = await Visitor.open(browser, url, options);
  await visitor.page.getByText("Live", { exact: true }).waitFor();
  return visitor;
}

async function start(page: Page, below: number): Promise<void> {
  await page.getByLabel("Count the primes below").fill(String(below));
  await page.getByRole("button", { name: "Start" }).click();
}

/** The page's policy lets nobody evaluate a text, which all but locators would need. */
async function isUnderWay(page: Page): Promise<void> {
  await page.getByText(/^[1-9]\d %$/).waitFor();
}
