import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { channel, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";
import { Visitor, type VisitorOptions } from "./visitor.js";

const phone = { width: 360, height: 640 };

let browser: Browser;
let server: ServedApp;
beforeAll(async () => {
  [browser, server] = await Promise.all([launchChromium(), serveTroubles()]);
  await buildPages();
});
afterAll(async () => {
  await Promise.all([browser.close(), server[Symbol.asyncDispose]()]);
});

const feed = channel("feed/:room", {
  events: { item: z.object({ text: z.string() }) },
  history: { size: 5, ttl: "1m" },
});
const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  limits: { messages: "1/3600s" },
  channels: [feed],
  receives: { say: z.object({ text: z.string() }) },
  open: ({ connection, params }) => connection.join(feed(params)),
  on: { say() {} },
});
/** Names that no line has room for. */
const user = `somebody${"y".repeat(90)}`;
const place = "r".repeat(100);

/** One whose token has expired, which was answered errors, and one that has closed with an error. */
async function serveTroubles(): Promise<ServedApp> {
  const served = await serve({ endpoints: [room], limits: { expiryGrace: "1h" } });
  const token = signToken({ sub: user, exp: inSeconds(3) });
  const enter = () => dial(`${served.url}/ws/rooms/${place}`, { token });
  const [expired, gone] = await Promise.all([enter(), enter()]);
  for (const id of [1, 2, 3]) expired.send({ type: "say", payload: { text: "hi" }, id });
  gone.sendBinary(new Uint8Array(1));
  await gone.closed;
  return served;
}

const places: readonly [string, string, (page: Page) => Promise<void>][] = [
  ["overview", "#/", (page) => page.getByRole("row").nth(1).waitFor()],
  ["list", "#/connections", (page) => page.getByText("expired", { exact: true }).waitFor()],
  [
    "list of closed ones",
    "#/connections?which=closed&text=somebody",
    (page) => page.getByText("1 closed connection").waitFor(),
  ],
  ["list of channels", "#/channels", (page) => page.getByRole("row").nth(1).waitFor()],
  ["connection", "#/connections?which=troubled", openConnection],
  ["dialog", "#/connections?which=troubled", askToDisconnect],
];

/** Each size, and each set of colours: which colours stand beside each other is the same on a phone. */
const looks = [
  { colorScheme: "light", size: "large", viewport: { width: 1_200, height: 900 } },
  { colorScheme: "dark", size: "small", viewport: phone },
] as const;

test.each(looks)("axe finds nothing serious or critical in any place of a $size $colorScheme page", async (look) => {
  for (const [name, hash, arrive] of places) {
    await using visitor = await open(hash, look);
    await arrive(visitor.page);
    expect([name, ...(await faultsIn(visitor.page))]).toEqual([name]);
    expect(visitor.faults).toEqual([]);
  }
});

test.each(places)("on a phone the %s is no wider than the screen", async (_, hash, arrive) => {
  await using visitor = await open(hash, { viewport: phone });
  await arrive(visitor.page);
  const widths = await visitor.page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  expect(widths.scrollWidth).toBeLessThanOrEqual(widths.clientWidth);
});

test("on a phone the rows of a list have one line, and a long name makes no table wider", async () => {
  await using visitor = await open("#/connections?which=closed&text=somebody", { viewport: phone });
  const { page } = visitor;
  await page.getByText("1 closed connection").waitFor();
  const row = await page.getByRole("row").nth(1).boundingBox();
  expect(row?.height).toBeLessThan(45);
  await page.getByRole("row").nth(1).getByRole("link").click();
  const channels = page.getByRole("region", { name: "Channels of this connection" });
  await channels.getByText(`feed/${place}`).waitFor();
  expect(await channels.evaluate(({ scrollWidth }) => scrollWidth)).toBeLessThan(480);
});

test("charts are drawn in other colours as soon as the page is dark", async () => {
  await using visitor = await open("#/", { colorScheme: "light" });
  const { page } = visitor;
  await page.waitForFunction(isGridIn, "223,229,227");
  await page.getByRole("button", { name: "Use dark colours" }).click();
  await page.waitForFunction(isGridIn, "41,51,50");
  expect(visitor.faults).toEqual([]);
});

test("the keyboard skips to the page, walks through its places and opens a connection", async () => {
  await using visitor = await open("#/connections?which=troubled&text=somebody");
  const { page } = visitor;
  await page.getByText("expired", { exact: true }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect(await nameOfFocused(page)).toBe("Connections");
  await page.keyboard.press("Tab");
  expect(await nameOfFocused(page)).toBe("Troubled");
  await page.keyboard.press("ArrowRight");
  await page.getByText("1 closed connection").waitFor();
  await page.keyboard.press("Tab");
  expect(await nameOfFocused(page)).toBe("Filter connections");
  await page.keyboard.press("Tab");
  expect(await nameOfFocused(page)).toBe("List of connections");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("by the server with 1003 unsupported_data").waitFor();
  expect(await nameOfFocused(page)).toMatch(/^somebody.*… · \/ws\/rooms\/:room$/);
});

function open(hash: string, options?: VisitorOptions): Promise<Visitor> {
  return Visitor.open(browser, `${server.url}/dashboard${hash}`, options);
}

async function openConnection(page: Page): Promise<void> {
  await page.getByRole("row").filter({ hasText: "expired" }).getByRole("link").click();
  await page.getByText("0 of 1 in 1 h").waitFor();
}

async function askToDisconnect(page: Page): Promise<void> {
  await openConnection(page);
  await page.getByRole("button", { name: "Disconnect somebody" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Keep connected" }).waitFor();
}

/** What axe calls serious or critical, and where. */
async function faultsIn(page: Page): Promise<string[]> {
  // Not as a script of the page: its policy would have none of it.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults; // by axe's own types
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Has the first chart a pixel of this colour? Only the grid's lines are drawn without shades. */
function isGridIn(colour: string): boolean {
  const canvas = document.querySelector("canvas");
  const { data = [] } = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
  return Array.from({ length: data.length / 4 }, (_, pixel) => data.slice(4 * pixel, 4 * pixel + 3).join()).includes(
    colour,
  );
}

function nameOfFocused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const each = document.activeElement;
    return (
      each?.ariaLabel ??
      (each instanceof HTMLInputElement ? each.labels : null)?.[0]?.textContent ??
      each?.textContent ??
      ""
    );
  });
}
