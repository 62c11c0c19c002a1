import type { Browser } from "playwright-core";
import { channel, endpoint } from "tidings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type * as clientDoor from "../../src/client/index.js";
import { launchChromium } from "../support/chromium.js";
import { CutLine } from "../support/cut-line.js";
import { serve } from "../support/served-app.js";
import { ClientPage } from "./client-page.js";

declare const tidings: typeof clientDoor;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const news = channel("news", {
  events: { item: z.object({ text: z.string() }) },
  history: { size: 100, ttl: "1d" },
  allow: { subscribe: true, publish: true },
});

function createFeed() {
  let leave: () => void = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let count = 0;
  const feed = endpoint("/ws", {
    channels: [news],
    close() {
      count += 1;
      leave();
    },
  });
  return { feed, left, closings: () => count };
}

/** Publishes, and in the same go the tab goes elsewhere: nothing of it waits for an answer. */
async function publishAndLeave({ page }: ClientPage, url: string, texts: readonly string[]): Promise<void> {
  const gone = page.waitForURL("about:blank");
  await page.evaluate(
    ([url, texts]) => {
      const client = Reflect.apply(tidings.connect, undefined, [url]);
      const subscription = client.subscribe("news", { onGap() {} });
      subscription.onStatus((status: string) => {
        if (status !== "live") return;
        for (const text of texts) void subscription.publish("item", { text });
        location.href = "about:blank";
      });
    },
    [url, texts] as const,
  );
  await gone;
}

test("a tab that closes as it publishes has said each thing once at most, in order, and everybody else goes on", async () => {
  const { feed, left, closings } = createFeed();
  await using server = await serve({ endpoints: [feed] });
  await using other = await ClientPage.open(browser, () => "");
  await other.connect(`${server.url}/ws`, "news");
  await other.told("open");
  await using tab = await ClientPage.open(browser, () => "");
  const texts = ["one", "two", "three", "four", "five"];
  await publishAndLeave(tab, `${server.url}/ws`, texts);
  await left;
  expect(closings()).toBe(1);

  await server.app.publish(news(), "item", { text: "after" });
  await other.told("heard after");
  const kept = (await server.app.history(news())).map(({ payload }) => payload.text);
  // How many came through is the browser's affair; what did came whole, in order, and once.
  expect(kept).toEqual([...texts.slice(0, kept.length - 1), "after"]);
  expect(await other.lines()).toEqual(["open", ...kept.map((text) => `heard ${text}`)]);
});

test("what a tab had to say when its line was cut and it closed, nobody says for it", async () => {
  const { feed, left } = createFeed();
  await using server = await serve({ endpoints: [feed] });
  await using line = await CutLine.to(server.url);
  await using tab = await ClientPage.open(browser, () => "");
  await tab.page.evaluate((url) => {
    const client = Reflect.apply(tidings.connect, undefined, [url]);
    const subscription = client.subscribe("news", { onGap() {} });
    client.onStatus((status: string) => {
      const item = document.createElement("li");
      item.textContent = status;
      document.querySelector("ol")?.append(item);
      if (status === "waiting") void subscription.publish("item", { text: "never" });
    });
  }, `${line.url}/ws`);
  await tab.told("open");
  line.cut();
  await tab.told("waiting");
  await left;
  await tab.page.goto("about:blank");
  line.mend();
  await server.app.publish(news(), "item", { text: "after" });
  expect((await server.app.history(news())).map(({ payload }) => payload.text)).toEqual(["after"]);
});
