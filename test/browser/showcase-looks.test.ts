import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { dial } from "../support/ws-client.js";
import { linkTo, type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { tokenOf } from "./start-showcase.js";
import { Visitor } from "./visitor.js";

const phone = { width: 360, height: 640 };

let browser: Browser;
let showcase: ServedShowcase;
beforeAll(async () => {
  [browser, showcase] = await Promise.all([launchChromium(), serveShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase.close();
});

test.each(["light", "dark"] as const)("axe finds nothing serious or critical in a %s page", async (colorScheme) => {
  await using bob = await enter("bob", "axe");
  await bob.say("hello");
  await using alice = await enter("alice", "axe", { colorScheme });
  await alice.message("Bob", "hello").first().waitFor();
  await alice.page.getByRole("button", { name: "Write a report" }).click();
  await alice.page
    .getByText(/^page \d+ of/)
    .first()
    .waitFor();
  await alice.cutLine();
  await alice.say("not sent");
  await alice.page.getByText("not sent yet").waitFor();
  expect(await faultsIn(alice.page)).toEqual([]);
  await using stranger = await Visitor.open(browser, `${showcase.url}/#token=bad`, { colorScheme });
  await stranger.page.getByRole("region").waitFor();
  expect(await faultsIn(stranger.page)).toEqual([]);
});

test("it is light or dark as the system is, until somebody says otherwise", async () => {
  await using alice = await enter("alice", "dark", { colorScheme: "dark" });
  expect(await groundOf(alice.page)).toBe("rgb(13, 18, 17)");
  await alice.page.getByRole("button", { name: "Use light colours" }).click();
  expect(await groundOf(alice.page)).toBe("rgb(244, 246, 245)");
  await alice.page.reload();
  await alice.page.getByRole("button", { name: "Use dark colours" }).waitFor();
  expect(await groundOf(alice.page)).toBe("rgb(244, 246, 245)");
  await alice.page.getByRole("button", { name: "Use dark colours" }).click();
  await alice.page.emulateMedia({ colorScheme: "light" });
  await alice.page.getByRole("button", { name: "Use dark colours" }).waitFor();
  expect(await groundOf(alice.page)).toBe("rgb(244, 246, 245)");
});

test("on a phone nothing scrolls sideways", async () => {
  await using alice = await enter("alice", "x".repeat(40), { viewport: phone });
  await alice.say("x".repeat(500));
  await alice.message("Alice", "x".repeat(500)).waitFor();
  await alice.page.getByRole("button", { name: "Count primes" }).click();
  await alice.page.getByText(/primes below 20,000,000/).waitFor();
  expect(await sidewaysIn(alice.page)).toEqual([]);
  await alice.cutLine();
  expect(await sidewaysIn(alice.page)).toEqual([]);
  await using stranger = await Visitor.open(browser, `${showcase.url}/`, { viewport: phone });
  await stranger.page.getByRole("region").waitFor();
  expect(await sidewaysIn(stranger.page)).toEqual([]);
});

test("on a phone the keyboard reaches every control in order, and one sees where it is", async () => {
  await using bob = await enter("bob", "keys", { viewport: phone });
  // Whose tasks are no other test's: a button that goes takes the focus along.
  const other = await dial(`${showcase.url}/ws`, { token: tokenOf(showcase.links.bob) });
  other.send({ type: "report", payload: { pages: 100 } });
  await bob.page.getByRole("button", { name: "Cancel Report" }).last().waitFor();
  const controls = await controlsOf(bob.page);
  for (const name of ["Skip to the chat", "Room", "Message", "Cut the line", "BTC", "Cancel Report", "Publish"])
    expect(controls).toContain(name);
  const reached: string[] = [];
  for (const name of controls) {
    await bob.page.keyboard.press("Tab");
    reached.push(await bob.page.evaluate(nameOfFocused));
    expect(await bob.page.evaluate(isFocusSeen), name).toBe(true);
  }
  expect(reached).toEqual(controls);
});

test("the keyboard skips to the chat, cuts the line and chooses a symbol", async () => {
  await using alice = await enter("alice", "skip");
  await alice.page.keyboard.press("Tab");
  await alice.page.keyboard.press("Enter");
  await alice.page.keyboard.type("by keyboard");
  await alice.page.keyboard.press("Enter");
  await alice.message("Alice", "by keyboard").waitFor();
  await alice.page.keyboard.press("Tab");
  await alice.page.keyboard.press("Tab");
  await alice.page.keyboard.press("Space");
  await alice.page.getByRole("switch", { name: "Cut the line", checked: true }).waitFor();
  await alice.page.keyboard.press("Space");
  await alice.page.getByText("Connected", { exact: true }).waitFor();
  await alice.page.getByRole("radio", { name: "BTC" }).focus();
  await alice.page.keyboard.press("ArrowRight");
  await alice.page.getByRole("img", { name: /^ETH/ }).waitFor();
});

function enter(who: string, room: string, options?: Parameters<typeof Visitor.enter>[2]): Promise<Visitor> {
  return Visitor.enter(browser, linkTo(showcase.links[who], { room }), options);
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

/** The names of all that can have the focus, in order; of radio buttons the chosen one has it for all. */
function controlsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all = document.querySelectorAll<HTMLElement>("a, button, input, select, textarea, [tabindex]");
    return [...all]
      .filter((each) => !(each instanceof HTMLInputElement && each.type === "radio" && !each.checked))
      .map(
        (each) =>
          each.ariaLabel ??
          (each instanceof HTMLInputElement ? each.labels : null)?.[0]?.textContent ??
          each.textContent,
      );
  });
}

function nameOfFocused(): string {
  const each = document.activeElement;
  return (
    each?.ariaLabel ??
    (each instanceof HTMLInputElement ? each.labels : null)?.[0]?.textContent ??
    each?.textContent ??
    ""
  );
}

/** It, or what stands for it, is outlined. */
function isFocusSeen(): boolean {
  const each = document.activeElement;
  return [each, each?.nextElementSibling].some(
    (shown) => shown != null && getComputedStyle(shown).outlineStyle !== "none",
  );
}

function groundOf(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

/** What can be scrolled sideways, the page itself first. */
function sidewaysIn(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("*")]
      .filter((each) => each.scrollWidth > each.clientWidth)
      .filter((each) => each === document.documentElement || /auto|scroll/.test(getComputedStyle(each).overflowX))
      .map((each) => `${each.tagName} ${each.className}: ${each.scrollWidth} in ${each.clientWidth}`),
  );
}
