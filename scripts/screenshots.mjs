// Writes the showcase, the console and the dashboard as they look, light, dark and on a phone, to docs/images; --only <name>, several times, writes those alone.
import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { buildPage } from "../examples/showcase/build-page.ts";
import { startServer } from "../examples/showcase/server.ts";
import { linkWith, signTokens } from "../examples/showcase/tokens.ts";
import { shootConsole } from "./console-screenshots.mjs";
import { shootDashboard } from "./dashboard-screenshots.mjs";

const folder = new URL("../docs/images/", import.meta.url);
const large = { viewport: { width: 1_280, height: 1_000 } };
const phone = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 };

mkdirSync(folder, { recursive: true });
await buildPage();
const silent = { debug() {}, info() {}, warn() {}, error: console.error };
const server = await startServer({ port: 0, logger: silent });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  const tokens = await signTokens();
  const byName = Object.fromEntries(tokens.map(({ sub, token }) => [sub, token]));
  const pictures = {
    showcase: () => shoot(tokens),
    console: () => shootConsole(browser, folder, server, byName),
    dashboard: () => shootDashboard(browser, folder),
  };
  const { only = Object.keys(pictures) } = parseArgs({ options: { only: { type: "string", multiple: true } } }).values;
  for (const name of only) await pictures[name]();
} finally {
  await browser.close();
  await server.close();
}

async function shoot(tokens) {
  const [alice, bob, admin] = tokens.map(({ token }) => linkWith(token, server.url));
  const others = { bob: await open(bob, large), admin: await open(admin, large) };
  const seen = await open(alice, { ...large, colorScheme: "light" });
  await publish(others.admin, "Prices are made up, and so is this.");
  await publish(others.admin, "Nobody has lost a message today.");
  await talk(seen, others.bob);
  await seen.getByRole("button", { name: "Count primes" }).click();
  await seen.getByText(/primes below/).waitFor();
  await cutAndMend(seen, others.bob);
  await follow(seen);
  await seen.getByRole("button", { name: "Write a report" }).click();
  await seen.getByText("page 9 of 20").waitFor();
  await others.bob.getByLabel("Message", { exact: true }).pressSequentially("And not one");
  await seen.getByText("Bob is writing…").waitFor();
  await shot(seen, "light");

  await seen.getByRole("button", { name: "Use dark colours" }).click();
  await shot(seen, "dark");
  await shot(await open(alice, { ...phone, colorScheme: "light" }), "phone");
}

async function talk(alice, bob) {
  await say(bob, "Good morning! Did the deploy go through?");
  await say(alice, "Twice, and nobody noticed.");
  await say(bob, "My chart went on as if nothing had been.");
}

/** What the page is there to show: what is said meanwhile arrives, and the journal tells how much it was. */
async function cutAndMend(alice, bob) {
  await alice.getByRole("switch").click();
  await alice.getByText("Reconnecting…").waitFor();
  await say(bob, "Now I have cut your line.");
  await alice.getByLabel("Message", { exact: true }).fill("I wrote this without one.");
  await alice.keyboard.press("Enter");
  await alice.getByRole("switch").click();
  await bob.getByText("I wrote this without one.").waitFor();
  await alice.getByText(/chat.* missed, and here now/).waitFor();
}

async function open(link, options) {
  const page = await (await browser.newContext({ reducedMotion: "reduce", ...options })).newPage();
  await page.goto(link);
  await page.getByText(/^You are in/).waitFor();
  return page;
}

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
  await page.getByRole("log", { name: "Messages" }).getByText(text, { exact: true }).waitFor();
}

async function publish(page, text) {
  await page.getByPlaceholder("Publish news").fill(text);
  await page.keyboard.press("Enter");
  await page.getByRole("log", { name: "Published" }).getByText(text).waitFor();
}

/** Until the chart shows more than 40 prices, two a second. */
async function follow(page) {
  await page.getByRole("img", { name: /^BTC over the last ([4-9]\d|\d{3}) prices/ }).waitFor({ timeout: 60_000 });
}

async function shot(page, name) {
  const path = fileURLToPath(new URL(`${name}.png`, folder));
  await page.screenshot({ path });
  console.log(`${path}: ${Math.ceil(statSync(path).size / 1_024)} KB`);
}
