import { once } from "node:events";
import { createServer } from "node:http";
import type { Browser, ViewportSize } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";
import { startShowcase, tokenOf } from "./start-showcase.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

test("two pages in a room hear each other, and see who comes and goes", async () => {
  await using showcase = await startShowcase();
  await using alice = await open(showcase.links.alice);
  await alice.notice("You are in lobby as Alice").waitFor();
  await using bob = await open(showcase.links.bob);
  await bob.notice("You are in lobby as Bob").waitFor();
  await alice.notice("Bob joined").waitFor();

  await alice.say("hello <b>Bob</b>");
  await bob.message("Alice", "hello <b>Bob</b>").waitFor();
  await alice.message("Alice", "hello <b>Bob</b>").waitFor();
  await bob.say("hello Alice");
  await alice.message("Bob", "hello Alice").waitFor();
  expect(await alice.page.getByRole("listitem").count()).toBe(4);
  expect(await bob.page.getByRole("listitem").count()).toBe(3);

  await bob.page.close();
  await alice.notice("Bob left").waitFor();
  expect([...alice.faults, ...bob.faults]).toEqual([]);
});

test("who goes to another room hears that one, and the first one sees the leave", async () => {
  await using showcase = await startShowcase();
  await using alice = await open(showcase.links.alice);
  await alice.notice("You are in lobby as Alice").waitFor();
  await using bob = await open(showcase.links.bob);
  await alice.notice("Bob joined").waitFor();

  await bob.page.getByLabel("Room").fill("Küche & Bad?");
  await bob.page.keyboard.press("Enter");
  await bob.notice("You are in Küche & Bad? as Bob").waitFor();
  await alice.notice("Bob left").waitFor();
  await alice.say("anyone?");
  await alice.message("Alice", "anyone?").waitFor();

  await using second = await open(bob.page.url());
  await second.notice("You are in Küche & Bad? as Bob").waitFor();
  await second.say("here");
  await bob.message("Bob", "here").waitFor();
  expect(await bob.message("Alice", "anyone?").count()).toBe(0);
});

test("a page with a bad token says that it is refused, and how to get a good one", async () => {
  await using showcase = await startShowcase();
  await using stranger = await open(`${showcase.url}/#token=nonsense`);
  const help = stranger.page.getByRole("region", { name: "This link's token is missing or no longer valid" });
  await help.getByText("npm start").waitFor();
  await stranger.page.getByText("The token or session is missing or not valid (1008 unauthorized).").waitFor();
  expect(await stranger.page.getByLabel("Message", { exact: true }).isDisabled()).toBe(true);
  expect(stranger.faults).toEqual([]);
});

test("a page without a token says that it needs a link, and takes one", async () => {
  await using showcase = await startShowcase();
  await using visitor = await open(`${showcase.url}/`);
  const help = visitor.page.getByRole("region", { name: "This page needs a link with a token" });
  await help.getByText("npm start").waitFor();
  expect(await visitor.page.getByRole("button").allTextContents()).toEqual(["Sign in"]);
  await visitor.page.goto(showcase.links.alice ?? "");
  await visitor.notice("You are in lobby as Alice").waitFor();
  expect(visitor.faults).toEqual([]);
});

test("a page whose server goes away says so, and dials again by itself", async () => {
  const env = { JWT_SECRET: "one secret for both of its lives: 1 and 2" };
  await using first = await startShowcase(env);
  await using alice = await open(
    `${first.url}/#token=${signToken({ sub: "alice", name: "Alice" }, { key: env.JWT_SECRET })}`,
  );
  await alice.notice("You are in lobby as Alice").waitFor();
  expect(await first.program.stop()).toBe(0);
  await alice.page.getByText(/^The server is going away \(1001 going_away\)\. Connecting again in \d s\.$/).waitFor();
  await alice.page.getByRole("button", { name: "Connect again" }).click();
  await alice.page.getByText("The connection was lost, or could not be made (1006).").waitFor();

  await using _second = await startShowcase({ ...env, PORT: new URL(first.url).port });
  await alice.page.getByText("Connected", { exact: true }).waitFor();
  await alice.say("back");
  await alice.message("Alice", "back").waitFor();
});

test("a page that an admin throws out says why and stays closed, until somebody connects again", async () => {
  await using showcase = await startShowcase();
  await using alice = await open(showcase.links.alice);
  await alice.notice("You are in lobby as Alice").waitFor();
  const admin = await dial(`${showcase.url}/ws/admin`, { token: tokenOf(showcase.links.admin) });
  expect(await admin.ask("kick", { user: "alice" })).toMatchObject({ payload: { wasConnected: true } });
  await alice.page.getByText("You may not be here (1008 forbidden).", { exact: true }).waitFor();
  expect(await alice.page.getByText("Connecting again").count()).toBe(0);
  await alice.page.getByRole("button", { name: "Connect again" }).press("Enter");
  await alice.page.getByText("Connected", { exact: true }).waitFor();
});

test("P8: a page sends its token by subprotocol or by the first message, never in the address", async () => {
  await using showcase = await startShowcase();
  await using alice = await open(showcase.links.alice);
  await alice.notice("You are in lobby as Alice").waitFor();
  const dialled: string[] = [];
  const sent: string[] = [];
  alice.page.on("websocket", (socket) => {
    dialled.push(socket.url());
    socket.on("framesent", ({ payload }) => sent.push(String(payload)));
  });
  const token = tokenOf(showcase.links.alice);
  for (const place of ["subprotocol", "first message"]) {
    sent.length = 0;
    await alice.page.getByLabel("How the token is sent").selectOption(`Token by ${place}`);
    await alice.page.getByLabel("Room").fill(`by ${place}`);
    await alice.page.keyboard.press("Enter");
    await alice.notice(`You are in by ${place} as Alice`).waitFor();
    expect(
      sent.some((message) => message.includes(token)),
      place,
    ).toBe(place === "first message");
  }
  expect(dialled.length).toBe(2);
  expect(dialled.join()).not.toContain(token);
  expect(alice.faults).toEqual([]);
});

test("P8: somebody signs in with a cookie by the keyboard, and out again", async () => {
  await using showcase = await startShowcase();
  await using visitor = await open(`${showcase.url}/`);
  await visitor.page.getByLabel("Name", { exact: true }).fill("alice");
  await visitor.page.keyboard.press("Enter");
  await visitor.page.getByText("Signed in as alice", { exact: true }).waitFor();
  const [cookie] = await visitor.page.context().cookies();
  expect(cookie).toMatchObject({ name: "session_id", path: "/", httpOnly: true, sameSite: "Strict", secure: false });
  await visitor.page.keyboard.press("Enter"); // on "Sign out"
  const told = "Signed out: The token or session is missing or not valid (1008 unauthorized).";
  await visitor.page.getByText(told, { exact: true }).waitFor();
  expect(await visitor.page.context().cookies()).toEqual([]);
  expect(await visitor.page.evaluate(() => document.activeElement?.id)).toBe("name");
  expect(visitor.faults).toEqual([]);
});

test("P8: a page of another origin can neither sign its visitors in nor use their cookie", async () => {
  await using showcase = await startShowcase();
  await using other = createServer((_, response) => response.end("<!doctype html><title>A page</title>"));
  await once(other.listen(0, "127.0.0.1"), "listening");
  // Another port is another origin, but no other site: SameSite alone would not keep it out.
  await using visitor = await open(`http://127.0.0.1:${Object(other.address()).port}/`);
  await visitor.page.context().addCookies([{ name: "session_id", value: "any", url: showcase.url }]);
  const closed = await visitor.page.evaluate(
    (url) =>
      new Promise((resolve) => {
        new WebSocket(url, "tidings.v1").onclose = ({ code, reason }) => resolve({ code, reason });
      }),
    `${showcase.url.replace("http", "ws")}/ws/me`,
  );
  expect(closed).toEqual({ code: 1008, reason: "origin_not_allowed" });
  await visitor.page.evaluate(async (url) => {
    const body = JSON.stringify({ name: "mallory" });
    await fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body });
  }, `${showcase.url}/login`);
  expect((await visitor.page.context().cookies()).map(({ value }) => value)).toEqual(["any"]);
});

test("on a phone nothing is wider than the screen, and the keyboard reaches everything", async () => {
  await using showcase = await startShowcase();
  await using alice = await open(showcase.links.alice, { width: 360, height: 640 });
  await alice.notice("You are in lobby as Alice").waitFor();
  await alice.say("x".repeat(500));
  await alice.message("Alice", "x".repeat(500)).waitFor();
  expect(await alice.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await alice.page.evaluate(() => document.documentElement.scrollHeight)).toBe(640);

  const reached: (string | undefined)[] = [];
  for (const key of ["Tab", "Tab", ...Array.from({ length: 8 }, () => "Shift+Tab")]) {
    await alice.page.keyboard.press(key);
    reached.push(await alice.page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent));
  }
  const back = ["send", "text", "log", "Join", "place", "room", "Sign in", "name"];
  expect(reached).toEqual(["send", "Prices and news", ...back]);
});

function open(link: string | undefined, viewport?: ViewportSize): Promise<Visitor> {
  return Visitor.open(browser, link, viewport);
}
