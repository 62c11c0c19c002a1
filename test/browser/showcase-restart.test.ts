import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createShowcase } from "../../examples/showcase/app.js";
import { chat } from "../../examples/showcase/chat.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { launchChromium } from "../support/chromium.js";
import { LogRecorder } from "../support/log-recorder.js";
import { linkTo, serveShowcase } from "./served-showcase.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

test("of an app that is drained and started again on the same broker, nothing is lost and nothing comes twice", async () => {
  const broker = new MemoryBroker({ createId: () => crypto.randomUUID(), clock: { elapsed: () => performance.now() } });
  await using first = await serveShowcase({ broker, drain: { reconnectWithin: "1s" } });
  const room = { room: "restart" };
  await using alice = await Visitor.enter(browser, linkTo(first.links.alice, room));
  await using bob = await Visitor.enter(browser, linkTo(first.links.bob, room));
  await alice.say("one");
  await bob.message("Alice", "one").waitFor();

  await first.close();
  // Not by what the page says at the moment: it may have dialled in vain since.
  for (const visitor of [alice, bob]) await visitor.noted("1001 going_away");
  await bob.say("two, while nobody was there");
  await using another = createShowcase({ broker, logger: new LogRecorder() });
  await another.publish(chat(room), "said", { id: "clio", from: "Clio", text: "three, from another process" });

  await using _second = await serveShowcase({ broker, port: Number(new URL(first.url).port) });
  for (const { page } of [alice, bob]) await page.getByText("Connected", { exact: true }).waitFor();
  await bob.message("Bob", "two, while nobody was there").waitFor();
  await alice.say("four");
  for (const visitor of [alice, bob]) {
    await visitor.message("Alice", "four").waitFor();
    const said = (await visitor.lines()).filter((line) => !/ (joined|left)$/.test(line));
    expect(said).toEqual(["one", "three, from another process", "two, while nobody was there", "four"]);
    expect(await visitor.journal.getByText("is lost").count()).toBe(0);
  }
  expect([...alice.faults, ...bob.faults].filter((fault) => !fault.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
  for (const visitor of [alice, bob]) {
    const offsets = visitor.offsetsOn("prices/BTC");
    expect(offsets).toEqual(offsets.map((_, index) => Number(offsets[0]) + index));
  }
});

test("a page whose server has forgotten everything is told so once for each channel, and goes on", async () => {
  await using first = await serveShowcase({ drain: { reconnectWithin: "1s" } });
  await using alice = await Visitor.enter(browser, first.links.alice);
  await alice.say("before");
  await alice.message("Alice", "before").waitFor();
  await alice.page.getByRole("img", { name: /^BTC over the last [1-9]/ }).waitFor();
  await first.close();
  await using _second = await serveShowcase({ port: Number(new URL(first.url).port) });
  for (const channel of ["chat/lobby", "news", "prices/BTC"])
    await alice.noted(`${channel}: live again, but what came meanwhile is lost.`);
  await alice.say("after");
  await alice.message("Alice", "after").waitFor();
  expect(await alice.lines()).toEqual(["before", "What was said meanwhile may be missing here.", "after"]);
  expect(await alice.journal.getByText("is lost").count()).toBe(3);
});
