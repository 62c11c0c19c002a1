import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPages } from "../ui/build.mjs";

const large = { viewport: { width: 1_440, height: 940 } };
const phone = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 };

/**
 * Writes the console of the showcase as it looks, light, dark and on a phone.
 *
 * @param server a showcase that listens
 * @param tokens by who they are for: alice, bob
 */
export async function shootConsole(browser, folder, server, tokens) {
  await buildPages();
  const page = await open(browser, `${server.url}/docs#token=${tokens.alice}`, large);
  await choose(page, "/ws/rooms/:room");
  await connect(page, "alice");
  await page.goto(`${server.url}/docs#token=${tokens.bob}`);
  await page.getByText(/^Of bob, for/).waitFor();
  await connect(page, "bob");
  await page.getByRole("button", { name: "Side by side" }).click();
  await say(page, "Did you see /docs?");
  await page.keyboard.press("Alt+1");
  await say(page, "I am in it.");
  await page.getByLabel("text", { exact: true }).first().fill("");
  await page.getByRole("button", { name: "Send say" }).click();
  await page.getByText("invalid_payload", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "Messages" }).scrollIntoViewIfNeeded();
  await page.evaluate(() => scrollTo(0, 280));
  await shot(page, folder, "light");

  await page.getByRole("button", { name: "Side by side" }).click();
  await page.getByRole("button", { name: "Use dark colours" }).click();
  await choose(page, "/ws");
  await page.getByText(/^Of bob, for/).waitFor();
  await connect(page, "bob");
  const chat = page.getByRole("main").getByRole("region", { name: "chat/:room", exact: true });
  await chat.getByRole("button", { name: "Subscribe" }).click();
  await chat.getByRole("list").getByText("alice").waitFor();
  const prices = page.getByRole("main").getByRole("region", { name: "prices/:symbol", exact: true });
  await prices.getByRole("button", { name: "Subscribe" }).click();
  await page.getByRole("option").filter({ hasText: "tick" }).nth(12).waitFor();
  await page.getByRole("option").filter({ hasText: "tick" }).last().click();
  await chat.evaluate((element) => element.scrollIntoView());
  await shot(page, folder, "dark");

  const small = await open(browser, `${server.url}/docs#token=${tokens.alice}`, phone);
  await choose(small, "/ws/rooms/:room");
  await connect(small, "alice");
  await small.getByRole("button", { name: "Send say" }).click();
  await small.getByRole("main").getByText("reply", { exact: true }).first().waitFor();
  await small.getByRole("heading", { name: "Messages" }).evaluate((element) => scrollTo(0, element.offsetTop - 90));
  await shot(small, folder, "phone");
}

async function open(browser, link, options) {
  const context = await browser.newContext({ reducedMotion: "reduce", colorScheme: "light", ...options });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("heading", { name: "Connections" }).waitFor();
  return page;
}

async function choose(page, path) {
  const links = page.getByRole("navigation").getByRole("link");
  await links.filter({ has: page.getByText(path, { exact: true }) }).click();
  await page.getByRole("heading", { level: 1, name: path, exact: true }).waitFor();
}

async function connect(page, user) {
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByText(`It is open, as ${user}.`).waitFor();
}

async function say(page, text) {
  await page.getByLabel("text", { exact: true }).first().fill(text);
  await page.getByRole("button", { name: "Send say" }).click();
  await page.getByRole("option").filter({ hasText: "said" }).filter({ hasText: text }).waitFor();
}

async function shot(page, folder, name) {
  const path = fileURLToPath(new URL(`console-${name}.png`, folder));
  await page.screenshot({ path });
  console.log(`${path}: ${Math.ceil(statSync(path).size / 1_024)} KB`);
}
