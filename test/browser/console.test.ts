import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPages } from "../../ui/build.mjs";
import { launchChromium } from "../support/chromium.js";
import { ConsoleVisitor, consoleOf } from "./console-visitor.js";
import { type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { tokenOf } from "./start-showcase.js";

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

test("alice connects with her token, sends from the form, and sees the reply and all frames", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws/rooms/:room");
  await alice.page.getByLabel("room").first().fill("console");
  await alice.connectAs("alice");
  await alice.messages.getByText("whoami", { exact: true }).click();
  await alice.messages.getByRole("button", { name: "Send whoami" }).click();
  const reply = alice.messages.locator("pre").filter({ hasText: '"Alice"' });
  await reply.waitFor();
  expect(JSON.parse((await reply.textContent()) ?? "")).toEqual({ id: "alice", name: "Alice" });
  for (const text of ["connect", "connected", "subscribed chat/console", "whoami", "reply"])
    await alice
      .frame(1, new RegExp(`${text.replace(" ", ".*")}`))
      .first()
      .waitFor();
  expect(alice.faults).toEqual([]);
});

test("a token from a link is taken out of the address, and shown nowhere", async () => {
  await using alice = await enter("alice");
  const token = tokenOf(showcase.links.alice);
  expect(alice.page.url()).toBe(`${showcase.url}/docs`);
  await alice.choose("/ws");
  await alice.connectAs("alice");
  await alice.page.getByText("How it connects").click();
  for (const place of ["message", "query"]) {
    await alice.page.getByLabel("The token goes").selectOption(place);
    await alice.connectButton.click();
  }
  await alice.connection(3).getByText("alice", { exact: true }).waitFor();
  await alice.page.getByRole("button", { name: "Side by side" }).click();
  expect(await alice.page.content()).not.toContain(token);
  await alice.page.reload();
  await alice.choose("/ws");
  await alice.connectAs("alice");
});

test("what does not fit its schema is told under its field", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws/rooms/:room");
  await alice.connectAs("alice");
  const text = alice.messages.getByLabel("text", { exact: true });
  await text.fill("");
  await alice.messages.getByRole("button", { name: "Send say" }).click();
  await alice.messages.getByText("invalid_payload").waitFor();
  expect(await text.getAttribute("aria-invalid")).toBe("true");
  expect(await text.evaluate((element) => element === document.activeElement)).toBe(true);
  const described = (await text.getAttribute("aria-describedby"))?.split(" ") ?? [];
  const words = await Promise.all(described.map((id) => alice.page.locator(`[id="${id}"]`).textContent()));
  expect(words.join(" ")).toMatch(/1–500 characters .*>=1 characters/);

  await text.fill("fits");
  await alice.press("Control+Enter");
  await alice.messages.getByText("reply", { exact: true }).waitFor();
  expect(await text.getAttribute("aria-invalid")).toBe("false");
});

test("without an id there is no answer, and an error is shown all the same", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws/rooms/:room");
  await alice.connectAs("alice");
  await alice.messages.getByLabel("with an id").first().uncheck();
  const text = alice.messages.getByLabel("text", { exact: true });
  await text.press("Control+Enter");
  await alice.messages.getByText("Sent. Without an id it is answered only if it fails.").waitFor();
  await text.fill("");
  await text.press("Control+Enter");
  await alice.messages.getByText("invalid_payload").waitFor();
  expect(await text.getAttribute("aria-invalid")).toBe("true");
});

test("a message can be written as JSON, and both ways keep it", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws/rooms/:room");
  await alice.connectAs("alice");
  await alice.messages.getByLabel("text", { exact: true }).fill("from the form");
  await alice.messages.getByRole("button", { name: "As JSON" }).click();
  const json = alice.messages.getByLabel("JSON", { exact: true });
  expect(JSON.parse(await json.inputValue())).toEqual({ text: "from the form" });
  await json.fill('{"text":7}');
  await json.press("Control+Enter");
  await alice.messages.getByText(/^text: .*string/).waitFor();
  await json.fill('{"text":"from JSON"}');
  await alice.messages.getByRole("button", { name: "As a form" }).click();
  expect(await alice.messages.getByLabel("text", { exact: true }).inputValue()).toBe("from JSON");
});

test("a refusal is shown with its code, its reason, what it means and what our client would do", async () => {
  await using stranger = await ConsoleVisitor.open(browser, consoleOf(showcase.url));
  await stranger.choose("/ws/me");
  await stranger.connectButton.click();
  await stranger.outcome.getByText("1008 unauthorized", { exact: true }).waitFor();
  await stranger.outcome.getByText("A valid credential is needed.").waitFor();
  await stranger.outcome.getByText("It stays closed: dialling again would end the same way.").waitFor();
  await stranger.outcome.getByText("A plain client is answered with HTTP 401.").waitFor();
  expect(stranger.faults).toEqual([]);
});

test("a plain client learns nothing of a refusal, is told why, and can ask again as tidings.v1", async () => {
  await using bob = await enter("bob");
  await bob.choose("/ws/admin");
  await bob.page.getByText("How it connects").click();
  await bob.page.getByRole("radio", { name: "A plain client" }).check({ force: true });
  await bob.page.getByText(/^ws:.*\/ws\/admin\?token=…$/).waitFor();
  expect(await bob.page.getByLabel("The token goes").inputValue()).toBe("query");
  await bob.connectButton.click();
  await bob.outcome.getByText("1006", { exact: true }).waitFor();
  await bob.outcome.getByText(/which a browser keeps from its pages/).waitFor();
  // Of a page that gives its token in the subprotocol the query is the place that is left.
  await bob.outcome.getByRole("button", { name: "Ask again as tidings.v1" }).click();
  await bob.outcome.getByText("1008 forbidden", { exact: true }).waitFor();
});

test("two connections are side by side, and who says something is the one that is chosen", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws/rooms/:room");
  await alice.page.getByLabel("room").first().fill("pair");
  await alice.connectAs("alice");
  await alice.page.goto(consoleOf(showcase.url, tokenOf(showcase.links.bob)));
  await alice.page.getByText(/^Of bob, for/).waitFor();
  await alice.connectAs("bob");
  await alice.page.getByRole("button", { name: "alice", exact: true }).click();
  await alice.page.getByText(/^Of alice, for/).waitFor();
  await alice.page.getByRole("button", { name: "Side by side" }).click();
  const [first, second] = await Promise.all([1, 2].map((number) => alice.connection(number).boundingBox()));
  expect(first?.y).toBe(second?.y);

  await alice.page.getByRole("radio", { name: /^2 bob/ }).check({ force: true });
  await alice.messages.getByLabel("text", { exact: true }).fill("hello alice");
  await alice.messages.getByRole("button", { name: "Send say" }).click();
  await alice.frame(1, /said.*chat\/pair.*hello alice/).waitFor();
  await alice.frame(2, /say.*hello alice/).waitFor();
  await alice.press("Alt+1");
  await alice.messages.getByText("said by connection 1, alice").waitFor();
  await alice.connection(2).getByRole("button", { name: "Close" }).click();
  await alice.connection(2).getByText("1000", { exact: true }).waitFor();
  expect(alice.faults).toEqual([]);
});

test("one subscribes to a channel, sees who comes and goes, publishes, and leaves", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws");
  await alice.connectAs("alice");
  const chat = alice.channel("chat/:room");
  await chat.getByLabel("room", { exact: true }).fill("watched");
  await chat.getByRole("button", { name: "Subscribe" }).click();
  await chat.getByText("On chat/watched", { exact: true }).waitFor();
  const members = chat.getByRole("list", { name: "Who is on chat/watched" });
  await members.getByText("alice", { exact: true }).waitFor();
  await chat.getByText(/offset 0 of epoch/).waitFor();

  await using bob = await enter("bob");
  await bob.choose("/ws/rooms/:room");
  await bob.page.getByLabel("room").first().fill("watched");
  await bob.connectAs("bob");
  await members.getByText("bob", { exact: true }).waitFor();
  await bob.page.close();
  await members.getByText("bob", { exact: true }).waitFor({ state: "detached" });

  await chat.getByText("Publish", { exact: true }).click();
  for (const [name, value] of [
    ["id", "alice"],
    ["from", "Alice"],
    ["text", "by publish"],
  ] as const)
    await chat.getByLabel(name, { exact: true }).fill(value);
  await chat.getByRole("button", { name: "Publish said" }).click();
  await chat.getByText('"offset": 1').waitFor();
  await chat.getByText(/offset 1 of epoch/).waitFor();
  await chat.getByRole("button", { name: "History" }).click();
  await chat.getByText("1 event of its history").waitFor();
  const cells = chat.getByRole("region", { name: "Its history" }).getByRole("cell");
  expect(await cells.allTextContents()).toEqual(["1", "said", expect.stringContaining('"text": "by publish"')]);
  await chat.getByLabel("id", { exact: true }).fill("bob");
  await chat.getByRole("button", { name: "Publish said" }).click();
  await chat.getByText("Speak for yourself.").waitFor();
  await chat.getByRole("button", { name: "Unsubscribe" }).click();
  await chat.getByText("Not on chat/watched", { exact: true }).waitFor();
  expect(alice.faults).toEqual([]);
});

test("what was published without an id and went well is not told an earlier failure", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws");
  await alice.connectAs("alice");
  const chat = alice.channel("chat/:room");
  await chat.getByLabel("room", { exact: true }).fill("loose");
  await chat.getByRole("button", { name: "Subscribe" }).click();
  await chat.getByText("Publish", { exact: true }).click();
  await chat.getByLabel("with an id").uncheck();
  const publish = async (fields: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(fields)) await chat.getByLabel(name, { exact: true }).fill(value);
    await chat.getByRole("button", { name: "Publish said" }).click();
  };
  await publish({ id: "bob", from: "Bob", text: "as another" });
  await chat.getByText("Speak for yourself.").waitFor();
  await publish({ id: "alice", from: "Alice", text: "as myself" });
  await alice.frame(1, /in.*said.*as myself/).waitFor();
  await chat.getByText("Sent. Without an id it is answered only if it fails.").waitFor();
  expect(await chat.getByText("Speak for yourself.").count()).toBe(0);
});

test("at a raw endpoint text and bytes go there and back as they are", async () => {
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(showcase.url));
  await visitor.choose("/ws/echo");
  await visitor.connectButton.click();
  await visitor.outcome.getByText("It is open.").waitFor();
  await visitor.page.getByLabel("Frame as text").fill("as it is");
  await visitor.press("Control+Enter");
  await visitor.frame(1, /in.*text.*as it is/).waitFor();
  for (const [form, text] of [
    ["Hex", "00 FF10"],
    ["Base64", "AP8Q"],
  ] as const) {
    await visitor.page.getByRole("radio", { name: form }).check({ force: true });
    await visitor.page.getByLabel(`Frame as ${form.toLowerCase()}`).fill(text);
    await visitor.press("Control+Enter");
  }
  await visitor
    .frame(1, /in.*binary.*00 ff 10/)
    .nth(1)
    .waitFor();
  await visitor.page.getByLabel("Frame as base64").fill("?");
  await visitor.press("Control+Enter");
  await visitor.page.getByText("This is not base64.").waitFor();
});

test("endpoints are found by what is said there, and each has an address", async () => {
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(showcase.url));
  await visitor.press("Control+k");
  await visitor.page.keyboard.type("kick");
  const links = visitor.page.getByRole("navigation").getByRole("link");
  expect(await links.allTextContents()).toEqual([expect.stringContaining("/ws/admin")]);
  await links.press("Enter");
  await visitor.page.getByRole("heading", { level: 1, name: "/ws/admin" }).waitFor();
  await using second = await ConsoleVisitor.open(browser, visitor.page.url());
  await second.page.getByRole("heading", { level: 1, name: "/ws/admin" }).waitFor();
  await visitor.page.goBack();
  await visitor.page.getByRole("heading", { level: 1, name: "/ws/echo" }).waitFor();
});

test("an address that is none is that of the first endpoint", async () => {
  await using visitor = await ConsoleVisitor.open(browser, `${consoleOf(showcase.url)}#/%E0%A4%A?%`);
  await visitor.page.getByRole("heading", { level: 1, name: "/ws/echo" }).waitFor();
  expect(visitor.faults).toEqual([]);
});

test("Enter in the filter opens the first that is found, and the keyboard goes on from its heading", async () => {
  await using visitor = await ConsoleVisitor.open(browser, consoleOf(showcase.url));
  const seek = async (words: string, ...keys: string[]) => {
    await visitor.press("Control+k");
    await visitor.page.keyboard.type(words);
    await visitor.press(...keys);
  };
  await seek("kick", "Enter");
  await visitor.page.locator("h1:focus").getByText("/ws/admin", { exact: true }).waitFor();
  await seek("tick", "Enter");
  await visitor.page.locator("section:focus").getByRole("heading", { name: "prices/:symbol" }).waitFor();
  await seek("rooms", "ArrowDown");
  await visitor.page.locator("a:focus").getByText("/ws/rooms/:room", { exact: true }).waitFor();
});

test("of a connection that is closed it is told who was there", async () => {
  await using alice = await enter("alice");
  await alice.choose("/ws");
  await alice.connectAs("alice");
  const chat = alice.channel("chat/:room");
  await chat.getByLabel("room", { exact: true }).fill("left");
  await chat.getByRole("button", { name: "Subscribe" }).click();
  await chat.getByText("Who is here: 1").waitFor();
  await alice.connection(1).getByRole("button", { name: "Close" }).click();
  await chat.getByText("Who was here: 1").waitFor();
});

function enter(who: "alice" | "bob"): Promise<ConsoleVisitor> {
  return ConsoleVisitor.open(browser, consoleOf(showcase.url, tokenOf(showcase.links[who])));
}
