import type { Browser, Locator } from "playwright-core";
import { endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { serve } from "../support/served-app.js";
import { ConsoleVisitor, consoleOf } from "./console-visitor.js";
import { type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { tokenOf } from "./start-showcase.js";
import type { VisitorOptions } from "./visitor.js";

const phone = { width: 360, height: 640 };

let browser: Browser;
let showcase: ServedShowcase;
beforeAll(async () => {
  await buildPages();
  [browser, showcase] = await Promise.all([launchChromium(), serveShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase.close();
});

test.each<[string, VisitorOptions]>([
  ["a light", { colorScheme: "light" }],
  ["a dark", { colorScheme: "dark" }],
  ["a phone's", { viewport: phone }],
  ["a phone's dark", { viewport: phone, colorScheme: "dark" }],
])("axe finds nothing serious in %s page, and nothing scrolls sideways", async (_, options) => {
  await using alice = await busy(options);
  expect(await alice.faultsOfAccess()).toEqual([]);
  expect(await alice.sideways()).toEqual([]);
  await alice.choose("/ws");
  await alice.connectAs("alice");
  for (const pattern of ["chat/:room", "prices/:symbol"])
    await alice.channel(pattern).getByRole("button", { name: "Subscribe" }).click();
  await alice.channel("chat/:room").getByRole("list").getByText("alice").waitFor();
  await alice.page.getByText("State when it came").first().click();
  await alice.page.getByRole("button", { name: "Side by side" }).click();
  expect(await alice.faultsOfAccess()).toEqual([]);
  expect(await alice.sideways()).toEqual([]);
  await alice.choose("/ws/admin");
  await alice.connectButton.click();
  await alice.outcome.getByText("1008 forbidden", { exact: true }).waitFor();
  await alice.page.getByRole("button", { name: "Keys" }).click();
  await alice.page.getByRole("dialog").waitFor();
  expect(await alice.faultsOfAccess()).toEqual([]);
  expect(await alice.sideways()).toEqual([]);
  expect(alice.faults).toEqual([]);
});

test("the longest words stay where they belong", async () => {
  const long = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
  const longer = `${long}${long}`;
  const text = z.string().meta({ description: long, examples: [long.repeat(8)] });
  const fields = {
    [long]: text,
    [`a${longer}`]: z.array(text),
    [`b${longer}`]: z.string().optional(),
    [`c${longer}`]: z.string().nullable(),
    [`d${longer}`]: z.enum([longer, long]),
    [`e${longer}`]: z.boolean(),
    [`f${longer}`]: z.object({ [longer]: text }),
  };
  const wide = endpoint(`/${long}/:${long}`, {
    summary: long.repeat(3),
    auth: bearer({ verify: () => ({ id: long.repeat(4) }), from: ["query"] }),
    receives: { [long]: z.object(fields) },
    on: { [long]: (_, given: object) => given },
  });
  await using served = await serve({ endpoints: [wide] });
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(served.url), { viewport: phone });
  await visitor.page.getByLabel(long, { exact: true }).first().fill(long);
  await visitor.page.getByLabel("Token", { exact: true }).fill(longer);
  await visitor.connectAs(long.repeat(4));
  await visitor.messages.getByRole("button", { name: `Send ${long}` }).click();
  await visitor.messages.locator(".answer pre").waitFor();
  await visitor.connection(1).getByRole("option").last().click();
  await visitor.page.getByRole("region", { name: "The frame" }).waitFor();
  expect(await visitor.sideways()).toEqual([]);
});

test("by keys alone one chooses an endpoint, connects, sends and reads the frames", async () => {
  await using alice = await enter({});
  await alice.press("Tab");
  expect(await focused(alice)).toBe("Skip to the endpoint");
  await alice.press("Control+k");
  await alice.page.keyboard.type("rooms");
  await alice.press("Enter");
  await alice.page.getByRole("heading", { level: 1, name: "/ws/rooms/:room" }).waitFor();
  await alice.page.getByLabel("room").first().focus();
  await alice.press("Enter");
  await alice.outcome.getByText("It is open, as alice.").waitFor();
  await reach(alice, "text");
  await alice.press("Control+Enter");
  await alice.messages.getByText("reply", { exact: true }).waitFor();
  await reach(alice, "Frames of alice");
  await alice.press("End");
  const frame = alice.page.getByRole("region", { name: "The frame" });
  await frame.getByText('"type": "reply"').waitFor();
  await alice.press("ArrowUp");
  await frame.getByText('"type": "say"').waitFor();
  await alice.press("Escape");
  await frame.waitFor({ state: "detached" });
});

test("on a phone a link leads from what one has done to its frames, and the chosen endpoint is in sight", async () => {
  await using alice = await enter({ viewport: phone });
  await alice.choose("/ws/users/:user");
  await alice.page.getByLabel("user").first().fill("alice");
  await alice.connectAs("alice");
  await alice.outcome.getByRole("button", { name: "See its frames" }).click();
  const frames = alice.page.getByRole("listbox", { name: "Frames of alice" });
  await isInSight(frames);
  expect(await frames.evaluate((each) => each === document.activeElement)).toBe(true);
  await alice.page.goto(`${consoleOf(showcase.url)}#/ws_admin`);
  await alice.page.reload();
  await alice.page.getByRole("heading", { level: 1, name: "/ws/admin" }).waitFor();
  await isInSight(alice.page.getByRole("navigation").locator("[aria-current]"));
});

test("it is light or dark as the system is, until somebody says otherwise, on all pages", async () => {
  await using alice = await enter({ colorScheme: "dark" });
  const ground = () => alice.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await ground()).toBe("rgb(13, 18, 17)");
  await alice.page.getByRole("button", { name: "Use light colours" }).click();
  await alice.page.reload();
  await alice.page.getByRole("button", { name: "Use dark colours" }).waitFor();
  expect(await ground()).toBe("rgb(244, 246, 245)");
});

/** Somebody who has said something that did not fit, and looks at a frame. */
async function busy(options: VisitorOptions): Promise<ConsoleVisitor> {
  const alice = await enter(options);
  await alice.choose("/ws/rooms/:room");
  await alice.connectAs("alice");
  await alice.messages.getByLabel("text", { exact: true }).fill("");
  await alice.messages.getByRole("button", { name: "Send say" }).click();
  await alice.messages.getByText("invalid_payload").waitFor();
  await alice.page.getByText("How it connects").click();
  await alice.page.getByText("Limits", { exact: true }).click();
  await alice.connection(1).getByRole("option").last().click();
  await alice.page.getByRole("region", { name: "The frame" }).waitFor();
  return alice;
}

function enter(options: VisitorOptions): Promise<ConsoleVisitor> {
  return ConsoleVisitor.open(browser, consoleOf(showcase.url, tokenOf(showcase.links.alice)), options);
}

/** Resolves when all of it is in the window, and in what scrolls around it: what is chosen is brought there once it is drawn. */
async function isInSight(found: Locator): Promise<void> {
  await found.page().waitForFunction(
    (element) => {
      if (element === null) return false;
      const { top, bottom } = element.getBoundingClientRect();
      const boxes = [new DOMRect(0, 0, innerWidth, innerHeight)];
      for (let each = element.parentElement; each !== null; each = each.parentElement)
        if (/auto|scroll/.test(getComputedStyle(each).overflowY)) boxes.push(each.getBoundingClientRect());
      return boxes.every((box) => top >= box.top - 1 && bottom <= box.bottom + 1);
    },
    await found.elementHandle(),
  );
}

function focused({ page }: ConsoleVisitor): Promise<string> {
  return page.evaluate(() => {
    const each = document.activeElement;
    const labels = each instanceof HTMLInputElement || each instanceof HTMLTextAreaElement ? each.labels : null;
    return each?.ariaLabel ?? labels?.[0]?.textContent ?? each?.textContent ?? "";
  });
}

/** By the Tab key, in the order of the page; each stop can be seen. */
async function reach(visitor: ConsoleVisitor, name: string): Promise<void> {
  for (let stops = 0; (await focused(visitor)) !== name; stops += 1) {
    expect(stops, `${name} is not reached`).toBeLessThan(80);
    await visitor.press("Tab");
    const isSeen = await visitor.page.evaluate(() => {
      const each = document.activeElement;
      return [each, each?.nextElementSibling].some(
        (one) => one != null && getComputedStyle(one).outlineStyle !== "none",
      );
    });
    expect(isSeen, await focused(visitor)).toBe(true);
  }
}
