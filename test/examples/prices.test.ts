import { constants, inflateRawSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { connect } from "tidings/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { board, feed, prices } from "../../examples/prices/app.js";
import type { Quote } from "../../examples/prices/market.js";
import { launchChromium } from "../support/chromium.js";
import { Inbox } from "../support/inbox.js";
import { frame, openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial, type WsClient } from "../support/ws-client.js";
import { OpenedPage, phone } from "./opened-page.js";
import { type StartedExample, startExample } from "./started-example.js";

let browser: Browser;
let server: StartedExample;
beforeAll(async () => {
  [browser, server] = await Promise.all([launchChromium(), startExample("prices")]);
});
afterAll(async () => {
  await Promise.all([browser.close(), server[Symbol.asyncDispose]()]);
});

test("P30: prices: a page has all of them at once, and each change of those it follows", async () => {
  await using ana = await OpenedPage.open(browser, server.url, { colorScheme: "dark", viewport: phone });
  await ana.page.getByRole("img", { name: /^GOLD, \d/ }).waitFor();
  await using bob = await OpenedPage.open(browser, server.url);
  await bob.field("TEA").press("Space");
  await bob.page.getByRole("img", { name: /^TEA, \d/ }).waitFor();
  await bob.field("TEA").press("Space");
  await bob.page.getByRole("img", { name: /^TEA, \d/ }).waitFor({ state: "detached" });
  for (const page of [ana, bob]) {
    expect(await page.page.getByRole("rowheader").count()).toBe(24);
    expect(await page.flaws()).toEqual([]);
  }
});

test("P30: prices: who comes is told the present price, then each change once and in order", async () => {
  using client = connect<typeof feed>(`${server.url}/ws`);
  const ticks = new Inbox<number | undefined>("A change");
  const states = new Inbox<Quote>("The present price");
  const gold = client.subscribe(
    "prices/:symbol",
    { symbol: "GOLD" },
    { onState: (quote) => states.put(quote), onGap: () => ticks.put(undefined) },
  );
  gold.on("tick", (_, { offset }) => ticks.put(offset));
  expect(await states.next()).toEqual({ symbol: "GOLD", price: expect.any(Number), change: expect.any(Number) });
  const first = Number(await ticks.next());
  expect([await ticks.next(), await ticks.next()]).toEqual([first + 1, first + 2]);
  const plain = await dial(`${server.url}/ws`);
  expect(await plain.ask("subscribe", { channel: "prices/NO SUCH" })).toMatchObject({ payload: { code: "forbidden" } });
  plain.close();
});

test("P30: prices: the board goes deflated to who asks for it", async () => {
  using client = await openRaw(`${server.url}/ws`, { "sec-websocket-extensions": "permessage-deflate" });
  client.write(frame({ payload: JSON.stringify({ type: "subscribe", payload: { channel: "board" } }) }));
  for (const type of ["subscribed", "quotes"]) {
    const { payload } = await client.nextFrame();
    // RFC 7692 §7.2.2: the end of a block that the sender took away.
    const text = inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
      finishFlush: constants.Z_SYNC_FLUSH,
    }).toString();
    expect(JSON.parse(text)).toMatchObject({ type, channel: "board" });
    expect(text.length).toBeGreaterThan(1_024);
    expect(payload.length).toBeLessThan(text.length / 2);
  }
});

test("P30: prices: of each the last sixty changes are kept", async () => {
  await using own = await serve({ endpoints: [feed] });
  const gold = prices({ symbol: "GOLD" });
  for (let price = 1; price <= 61; price += 1)
    await own.app.publish(gold, "tick", { symbol: "GOLD", price, change: 0 });
  const kept = await own.app.history(gold, { limit: 100 });
  expect([kept.length, kept[0]?.payload.price]).toEqual([60, 2]);
});

test.each(["the board", "a price"])(
  "P30: prices: who reads %s too slowly costs nobody anything, and then has the newest",
  async (what) => {
    await using own = await serve({ endpoints: [feed] }); // without the market: this test says the prices
    const [slow, good] = [await dial(`${own.url}/ws`), await dial(`${own.url}/ws`)];
    const gold = prices({ symbol: "GOLD" });
    const { channel } = what === "a price" ? gold : board();
    for (const client of [slow, good]) await client.ask("subscribe", { channel });
    slow.stopReading();
    const last = 500;
    const symbol = "x".repeat(32_000); // so that few of them fill what the network takes
    let mostBytes = 0;
    for (let price = 1; price <= last; price += 1) {
      const quote = { symbol, price, change: 0 };
      await (what === "a price" ? own.app.publish(gold, "tick", quote) : own.app.publish(board(), "quotes", [quote]));
      if (price % 10 === 0) await readUntil(good, price);
      mostBytes = Math.max(mostBytes, own.app.stats().outboxBytes);
    }
    expect(mostBytes).toBeLessThan(100_000);
    slow.startReading();
    expect(await readUntil(slow, last)).toBeLessThan(last);
    expect(own.app.stats()).toMatchObject({ connections: 2, slowConsumers: 0, gaps: 0 });
  },
);

test("P30: prices: a page says that they are old while the server is away, and goes on when it is back", async () => {
  await using ana = await OpenedPage.open(browser, server.url);
  await ana.page.getByRole("img", { name: /^GOLD, \d\d changes/ }).waitFor();
  expect(await server.program.stop()).toBe(0);
  await ana.shows("The connection is lost. It will be tried again.");
  await ana.page.locator("#board.old").waitFor();
  expect(await ana.flaws()).toEqual([]);
  await using _again = await startExample("prices", { PORT: new URL(server.url).port });
  await ana.connectsAgain();
  await ana.page.locator("#board:not(.old)").waitFor();
  // The new server knows nothing of the changes before: the chart has begun anew.
  await ana.page.getByRole("img", { name: /^GOLD, \d changes/ }).waitFor();
});

/** Reads until this price has come. Gives how many came. */
async function readUntil(client: WsClient, price: number): Promise<number> {
  let count = 0;
  let newest = 0;
  while (newest < price) {
    const [quote] = [(await client.next()).payload as Quote | readonly Quote[]].flat(); // as the channel says it
    newest = quote?.price ?? 0;
    count += 1;
  }
  return count;
}
