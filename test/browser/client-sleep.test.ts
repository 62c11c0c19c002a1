import type { Browser } from "playwright-core";
import { channel, endpoint } from "tidings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { launchChromium } from "../support/chromium.js";
import { CutLine } from "../support/cut-line.js";
import { serve } from "../support/served-app.js";
import { ClientPage } from "./client-page.js";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const news = channel("news", {
  events: { item: z.object({ text: z.string() }) },
  history: { size: 10, ttl: "1d" },
  allow: { subscribe: true },
});
const feed = endpoint("/ws", { channels: [news] });

test.each([
  ["hears once what it had missed", 3, ["heard item 1", "heard item 2", "heard item 3"]],
  ["is told of a gap where what it had missed is no longer kept", 12, ["gap"]],
])("a page that slept, and lost its connection meanwhile, %s", async (_, count, told) => {
  await using server = await serve({ endpoints: [feed] });
  await using line = await CutLine.to(server.url);
  await using at = await ClientPage.open(browser, () => "");
  await at.page.clock.install();
  await at.connect(`${line.url}/ws`, "news");
  await at.told("open");
  const say = (text: string) => server.app.publish(news(), "item", { text });
  await say("before");
  await at.told("heard before");

  await at.page.clock.pauseAt(Date.now() + 1_000);
  line.cut();
  await at.told("waiting 1006");
  for (let item = 1; item <= count; item += 1) await say(`item ${item}`);
  line.mend();
  await at.page.clock.fastForward("08:00:00");
  await at.told("open", 2);
  await at.told(told.at(-1) ?? "");
  await say("after");
  await at.told("heard after");
  const before = ["open", "heard before", "waiting 1006", "connecting", "open"];
  expect(await at.lines()).toEqual([...before, ...told, "heard after"]);
});
