import type { Browser } from "playwright-core";
import { endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { serve } from "../support/served-app.js";
import { ConsoleVisitor, consoleOf } from "./console-visitor.js";

let browser: Browser;
beforeAll(async () => {
  await buildPages();
  browser = await launchChromium();
});
afterAll(() => browser.close());

test("a form shows every kind of field, and sends what stands in it", async () => {
  const order = z.object({
    name: z.string().min(1).meta({ description: "Who it is for" }),
    mail: z.email(),
    count: z.int().min(1).max(9),
    price: z.number().default(2.5),
    isGift: z.boolean(),
    size: z.enum(["small", "large"]),
    kind: z.literal("order"),
    note: z.string().nullable(),
    hint: z.string().optional(),
    isLate: z.boolean().optional(),
    at: z.iso.datetime(),
    lines: z.array(z.object({ text: z.string(), amounts: z.array(z.number()) })),
    address: z.object({ street: z.string(), floor: z.int().optional() }),
  });
  const shop = endpoint("/ws", { receives: { order }, on: { order: (_, given) => given } });
  await using served = await serve({ endpoints: [shop] });
  await using visitor = await connected(served.url);
  const form = visitor.messages;
  await form.getByText("Who it is for").waitFor();
  await fill(visitor, { name: "Ana", mail: "ana@example.org", count: "3", price: "2.75", street: "Main" });
  await form.getByLabel("isGift", { exact: true }).check();
  await form.getByLabel("size", { exact: true }).selectOption("large");
  await form.getByLabel("note is null").uncheck();
  await form.getByLabel("note", { exact: true }).fill("by the door");
  await form.getByLabel("Give hint").check();
  await form.getByLabel("hint", { exact: true }).fill("ring twice");
  await form.getByLabel("Give isLate").check();
  await form.getByLabel("isLate", { exact: true }).selectOption("true");
  await form.getByRole("button", { name: "Now" }).click();
  while ((await form.getByRole("button", { name: /^Take lines \d+ away$/ }).count()) > 0)
    await form.getByRole("button", { name: "Take lines 1 away" }).click();
  await form.getByRole("button", { name: "Add to lines" }).click();
  await form.getByLabel("text", { exact: true }).fill("tea");
  await form.getByRole("button", { name: "Add to amounts" }).click();
  await form.getByLabel("amounts 1", { exact: true }).fill("12");
  await form.getByLabel("Give floor").setChecked(false);
  await form.getByRole("button", { name: "Send order" }).click();
  const reply = form.locator(".answer pre");
  await reply.waitFor();
  expect(JSON.parse((await reply.textContent()) ?? "")).toEqual({
    name: "Ana",
    mail: "ana@example.org",
    count: 3,
    price: 2.75,
    isGift: true,
    size: "large",
    kind: "order",
    note: "by the door",
    hint: "ring twice",
    isLate: true,
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    lines: [{ text: "tea", amounts: [12] }],
    address: { street: "Main" },
  });

  await fill(visitor, { "amounts 1": "many", mail: "nobody" });
  await form.getByRole("button", { name: "Send order" }).click();
  await form.getByText("A number is needed here.").waitFor();
  await fill(visitor, { "amounts 1": "1", count: "99" });
  await form.getByRole("button", { name: "Send order" }).click();
  await form.getByText("invalid_payload").waitFor();
  for (const name of ["mail", "count"])
    expect(await form.getByLabel(name, { exact: true }).getAttribute("aria-invalid"), name).toBe("true");
  expect(visitor.faults).toEqual([]);
});

test("what no form can show is written as JSON, and it is said why", async () => {
  const circle = z.object({ radius: z.number() });
  const shape = z.union([circle, z.object({ width: z.number(), height: z.number() })]);
  const tree = z.object({
    name: z.string(),
    get children() {
      return z.array(tree);
    },
  });
  const drawing = z.object({ title: z.string(), shape });
  const draw = endpoint("/ws", {
    receives: { shape, tree, drawing, table: z.record(z.string(), z.number()), anything: z.any(), "*": circle },
    on: {
      shape: (_, given) => given,
      tree: (_, { name }) => name,
      drawing: (_, given) => given,
      table: () => null,
      anything: () => null,
      "*": (_, { radius }, type) => `${type} of ${radius}`,
    },
  });
  await using served = await serve({ endpoints: [draw] });
  await using visitor = await connected(served.url);
  const whys = {
    shape: "It may have one of several shapes.",
    tree: "It holds itself again.",
    table: "Its fields have names of your own.",
    anything: "Its schema does not say what may stand here.",
  };
  for (const [type, why] of Object.entries(whys)) {
    const message = visitor.messages.locator(".message").filter({ has: visitor.page.getByText(type, { exact: true }) });
    if (!(await message.getByRole("button", { name: `Send ${type}` }).isVisible()))
      await message.getByText(type, { exact: true }).click();
    await message.getByText(`As JSON, for a form can't show it. ${why}`).waitFor();
    await message.getByRole("button", { name: `Send ${type}` }).click();
    await message.getByText("reply", { exact: true }).waitFor();
  }
  // Of any other type it is written which.
  const other = visitor.messages
    .locator(".message")
    .filter({ has: visitor.page.getByText("any other", { exact: true }) });
  await other.getByText("any other", { exact: true }).click();
  await other.getByLabel("type", { exact: true }).fill("disc");
  await other.getByLabel("radius", { exact: true }).fill("7");
  await other.getByRole("button", { name: "Send any other" }).click();
  await other.getByText("disc of 7").waitFor();
  // Around it there is a form all the same.
  await visitor.messages.getByText("drawing", { exact: true }).click();
  const inner = visitor.messages.getByLabel("shape", { exact: true });
  await visitor.messages.getByLabel("title", { exact: true }).fill("One");
  await inner.fill('{"radius":"wide"}');
  await visitor.messages.getByRole("button", { name: "Send drawing" }).click();
  await visitor.messages.getByText("invalid_payload").waitFor();
  expect(await inner.getAttribute("aria-invalid")).toBe("true");
  await inner.fill('{"radius":2}');
  await visitor.messages.getByRole("button", { name: "Send drawing" }).click();
  const reply = visitor.messages.locator(".answer pre").filter({ hasText: "One" });
  await reply.waitFor();
  expect(JSON.parse((await reply.textContent()) ?? "")).toEqual({ title: "One", shape: { radius: 2 } });
});

test("an endpoint whose token goes into a header alone says that a page can send none, and shows the code for it", async () => {
  const user = jwt({
    secret: "a secret that is long enough, for sure",
    claims: z.object({ sub: z.string() }),
    from: ["header"],
  });
  const inner = endpoint("/ws", { auth: user, receives: { hi: z.object({}) }, on: { hi: () => null } });
  await using served = await serve({ endpoints: [inner] });
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(served.url));
  await visitor.page.getByText(/a browser lets a page send none\. A program can/).waitFor();
  expect(await visitor.page.getByLabel("Token").count()).toBe(0);
  await visitor.page.getByText("Python", { exact: true }).click();
  await visitor.page
    .getByRole("region", { name: "The code" })
    .getByText(/additional_headers=/)
    .waitFor();
});

test("however many frames come, the page keeps the last thousand, and stays at the newest until one looks back", async () => {
  const flood = rawEndpoint("/ws", {
    text({ connection }, text) {
      for (let count = 1; count <= Number(text); count += 1) connection.send(`frame ${count}`);
    },
  });
  await using served = await serve({ endpoints: [flood] });
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(served.url));
  await visitor.connectButton.click();
  await visitor.outcome.getByText("It is open.").waitFor();
  const say = async (text: string) => {
    await visitor.page.getByLabel("Frame as text").fill(text);
    await visitor.press("Control+Enter");
  };
  await say("5000");
  await visitor.frame(1, "frame 5000").waitFor();
  const list = visitor.page.getByRole("listbox");
  expect(await list.getByRole("option").count()).toBeLessThan(100);
  expect(await list.getByRole("option").last().getAttribute("aria-setsize")).toBe("1000");

  await list.press("Home");
  await visitor.frame(1, "frame 4001").waitFor();
  expect(await list.getByRole("option").count()).toBeLessThan(100);
  await list.press("End");
  await list.press("ArrowUp");
  await visitor.page.getByRole("region", { name: "The frame" }).getByText("frame 4999").waitFor();
  await say("1");
  await visitor.page.getByRole("button", { name: "2 newer: follow" }).click();
  await visitor.frame(1, /in.*frame 1\d B$/).waitFor();
  await visitor.page.getByLabel("Filter frames").fill("out text");
  expect(await list.getByRole("option").allTextContents()).toEqual([expect.stringContaining("1")]);
  await list.press("x");
  await visitor.page.getByText("No frames like that.").waitFor();
  expect(visitor.faults).toEqual([]);
});

async function connected(url: string): Promise<ConsoleVisitor> {
  const visitor = await ConsoleVisitor.open(browser, consoleOf(url));
  await visitor.connectButton.click();
  await visitor.outcome.getByText("It is open.").waitFor();
  return visitor;
}

async function fill(visitor: ConsoleVisitor, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields))
    await visitor.messages.getByLabel(name, { exact: true }).fill(value);
}
