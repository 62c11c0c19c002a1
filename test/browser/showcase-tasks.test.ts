import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
let showcase: ServedShowcase;
beforeAll(async () => {
  [browser, showcase] = await Promise.all([launchChromium(), serveShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase.close();
});

test("P23: a task that is started in one tab shows in the other, is cancelled there, and nobody else sees it", async () => {
  await using alice = await Visitor.enter(browser, showcase.links.alice);
  await using bob = await Visitor.enter(browser, showcase.links.bob);
  const other = await alice.openTab(showcase.links.alice);
  await alice.page.getByRole("button", { name: "Write a report" }).click();
  for (const page of [alice.page, other])
    await task(page, "Report")
      .getByText(/^page [1-9]\d* of 20$/)
      .waitFor();
  expect(Number(await task(other, "Report").getByRole("progressbar").getAttribute("value"))).toBeGreaterThan(0);

  await other.getByRole("button", { name: "Cancel Report" }).click();
  for (const page of [alice.page, other]) await task(page, "Report").getByText("cancelled", { exact: true }).waitFor();
  await alice.page.reload();
  await task(alice.page, "Report").getByText("cancelled", { exact: true }).waitFor();
  expect(await task(bob.page, "Report").count()).toBe(0);
  expect([...alice.faults, ...bob.faults]).toEqual([]);
});

test("P25: heavy work in a thread of its own shows how far it is, and holds nobody up", async () => {
  await using alice = await Visitor.enter(browser, showcase.links.alice);
  const message = alice.page.getByLabel("Message", { exact: true });
  await message.fill("meanwhile");
  await alice.page.getByRole("button", { name: "Count primes" }).click();
  await message.press("Enter");
  await alice.message("Alice", "meanwhile").waitFor();
  await task(alice.page, "Primes").getByText("1,270,607 primes below 20,000,000", { exact: true }).waitFor();
  // It may be too fast to be seen, but is told.
  const told = alice.heard.filter(({ payload }) => Object(payload).name === "Primes");
  expect(new Set(told.slice(2, -1).map(({ type }) => type))).toEqual(new Set(["task_progress"]));
  const types = told.map(({ type }) => type);
  expect(types.filter((type) => type !== "task_progress")).toEqual(["task_queued", "task_started", "task_completed"]);
  const said = alice.heard.findIndex(({ type }) => type === "said");
  expect(said).toBeLessThan(alice.heard.findIndex(({ type }) => type === "task_completed"));
});

function task(page: Page, name: string) {
  return page.getByRole("list", { name: "Tasks" }).getByRole("listitem").filter({ hasText: name });
}
