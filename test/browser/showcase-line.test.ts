import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { dial, type WsClient } from "../support/ws-client.js";
import { linkTo, type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { tokenOf } from "./start-showcase.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
let showcase: ServedShowcase;
beforeAll(async () => {
  [browser, showcase] = await Promise.all([launchChromium(), serveShowcase()]);
});
afterAll(async () => {
  await browser.close();
  await showcase.close();
});

const [mine, others] = ["A".repeat(22), "B".repeat(22)] as const;

test("who cuts a line ends what came by it, lets nothing through until it is mended, and touches no other", async () => {
  const [first, second, other] = await Promise.all([mine, mine, others].map((visitor) => enter(visitor)));
  expect((await post({ visitor: mine, isCut: true })).status).toBe(200);
  for (const client of [first, second]) expect(await client?.closed).toEqual({ code: 1006, reason: "" });
  await expect(enter(mine)).rejects.toThrow("socket hang up");
  expect(await other?.ask("ping", {})).toMatchObject({ type: "pong" });
  await enter("not a visitor's id");
  expect((await post({ visitor: mine, isCut: false })).status).toBe(200);
  expect(await (await enter(mine)).ask("ping", {})).toMatchObject({ type: "pong" });
});

test.each([
  ["an id that can be guessed", JSON.stringify({ visitor: "ana", isCut: true }), 400, "bad_request"],
  ["no visitor", JSON.stringify({ isCut: true }), 400, "bad_request"],
  ["neither yes nor no", JSON.stringify({ visitor: mine, isCut: "yes" }), 400, "bad_request"],
  ["no JSON", "cut", 400, "bad_request"],
])("a switch of the line with %s is refused", async (_, body, status, code) => {
  const response = await post(body);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ code, message: expect.any(String) });
});

test("a page of another origin switches no line", async () => {
  const response = await post({ visitor: mine, isCut: true }, { origin: "https://evil.example" });
  expect({ status: response.status, ...(await response.json()) }).toMatchObject({ code: "origin_not_allowed" });
  expect((await fetch(`${showcase.url}/line`)).status).toBe(405);
});

test("P26: what is said on both sides of a line that is cut arrives once, when it is mended, and the page says how much", async () => {
  await using alice = await Visitor.enter(browser, linkTo(showcase.links.alice, { room: "cut" }));
  await using bob = await Visitor.enter(browser, linkTo(showcase.links.bob, { room: "cut" }));
  await alice.say("before");
  await bob.message("Alice", "before").waitFor();

  await alice.cutLine();
  await alice.say("said without a line");
  await alice.page.getByRole("listitem").filter({ hasText: "not sent yet" }).waitFor();
  for (const text of ["one", "two"]) await bob.say(text);
  await bob.message("Bob", "two").waitFor();
  expect(await alice.lines()).toEqual(["Bob joined", "before", "said without a line"]);

  await alice.mendLine();
  await bob.message("Alice", "said without a line").waitFor();
  await alice.noted(/^chat\/cut: [23] missed, and here now\.$/);
  await alice.page.getByText("not sent yet").waitFor({ state: "detached" });
  // A reconnect is neither a leave nor a join.
  const all = ["before", "one", "two", "said without a line"];
  expect((await bob.lines()).filter((line) => !line.startsWith("Alice "))).toEqual(all);
  expect((await alice.lines()).filter((line) => line !== "Bob joined")).toEqual(all);
});

test("without a line so much may wait, and what is more is refused in words", async () => {
  await using alice = await Visitor.enter(browser, linkTo(showcase.links.alice, { room: "full" }));
  await alice.cutLine();
  const texts = Array.from({ length: 11 }, (_, index) => `text ${index + 1}`);
  for (const text of texts) await alice.say(text);
  await alice.page.getByRole("alert").getByText("Not sent: Too much waits for the connection already.").waitFor();
  expect(await alice.lines()).toEqual(texts.slice(0, 10));
  await alice.mendLine();
  await alice.page.getByText("not sent yet").first().waitFor({ state: "detached" });
  await alice.message("Alice", "text 10").waitFor();
  expect(await alice.lines()).toEqual(texts.slice(0, 10));
});

function enter(visitor: string): Promise<WsClient> {
  return dial(`${showcase.url}/ws?visitor=${encodeURIComponent(visitor)}`, { token: tokenOf(showcase.links.alice) });
}

function post(body: object | string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${showcase.url}/line`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}
