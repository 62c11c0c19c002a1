import { once } from "node:events";
import { createServer } from "node:http";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/chromium.js";
import { signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";
import { linkTo, type ServedShowcase, serveShowcase } from "./served-showcase.js";
import { startShowcase, tokenOf } from "./start-showcase.js";
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

test("two pages in a room hear each other, and see who comes, writes and goes", async () => {
  await using alice = await enter("alice", "two");
  await alice.isIn("two", "Alice");
  await using bob = await enter("bob", "two");
  await alice.notice("Bob joined").waitFor();
  for (const { page } of [alice, bob])
    await page.getByRole("list", { name: "Who is here" }).getByText("Bob", { exact: true }).waitFor();

  await alice.page.getByLabel("Message", { exact: true }).pressSequentially("hell");
  await bob.page.getByText("Alice is writing…", { exact: true }).waitFor();
  await alice.say("hello <b>Bob</b>");
  await bob.message("Alice", "hello <b>Bob</b>").waitFor();
  await bob.page.getByText("Alice is writing…", { exact: true }).waitFor({ state: "detached" });
  await alice.message("Alice", "hello <b>Bob</b>").waitFor();
  await bob.say("hello Alice");
  await alice.message("Bob", "hello Alice").waitFor();
  expect(await alice.lines()).toEqual(["Bob joined", "hello <b>Bob</b>", "hello Alice"]);
  expect(await bob.lines()).toEqual(["hello <b>Bob</b>", "hello Alice"]);

  await bob.page.close();
  await alice.notice("Bob left").waitFor();
  expect([...alice.faults, ...bob.faults]).toEqual([]);
});

test("who goes to another room hears that one, and the first one sees the leave", async () => {
  await using alice = await enter("alice", "first");
  await using bob = await enter("bob", "first");
  await alice.notice("Bob joined").waitFor();

  await bob.page.getByLabel("Room").fill("Küche & Bad?");
  await bob.page.keyboard.press("Enter");
  await bob.isIn("Küche & Bad?", "Bob");
  expect(await bob.page.evaluate(() => document.activeElement?.id)).toBe("text");
  await alice.notice("Bob left").waitFor();
  await alice.say("anyone?");
  await alice.message("Alice", "anyone?").waitFor();

  await using second = await Visitor.enter(browser, bob.page.url());
  await second.isIn("Küche & Bad?", "Bob");
  await second.say("here");
  await bob.message("Bob", "here").waitFor();
  expect(await bob.message("Alice", "anyone?").count()).toBe(0);
  expect(bob.faults).toEqual([]);
});

test("who comes later reads what was said before", async () => {
  await using alice = await enter("alice", "later");
  for (const text of ["one", "two", "three"]) await alice.say(text);
  await alice.message("Alice", "three").waitFor();
  await using bob = await enter("bob", "later");
  await bob.message("Alice", "three").waitFor();
  expect(await bob.lines()).toEqual(["one", "two", "three"]);
});

test("a page with a bad token says that it is refused, and how to get a good one", async () => {
  await using stranger = await Visitor.open(browser, `${showcase.url}/#token=nonsense`);
  const help = stranger.page.getByRole("region", { name: "This link's token is missing or no longer valid" });
  await help.getByText("npm start").waitFor();
  await stranger.page.getByText("The token or session is missing or not valid (1008 unauthorized).").waitFor();
  expect(await stranger.page.getByLabel("Message", { exact: true }).count()).toBe(0);
  expect(stranger.faults).toEqual([]);
});

test("a page without a token asks who it is and says which links there are, and takes one", async () => {
  await using visitor = await Visitor.open(browser, `${showcase.url}/`);
  const help = visitor.page.getByRole("region", { name: "Who are you?" });
  await help.getByText("npm start").waitFor();
  expect(await help.getByRole("button").allTextContents()).toEqual(["Sign in"]);
  await visitor.page.goto(showcase.links.alice ?? "");
  await visitor.isIn("lobby", "Alice");
  expect(visitor.faults).toEqual([]);
});

test("P8: somebody signs in with a cookie by the keyboard, is in, and out again", async () => {
  await using visitor = await Visitor.open(browser, `${showcase.url}/#room=cookies`);
  await visitor.page.getByLabel("Name", { exact: true }).fill("zoë");
  await visitor.page.keyboard.press("Enter");
  await visitor.isIn("cookies", "zoë");
  const [cookie] = await visitor.page.context().cookies();
  expect(cookie).toMatchObject({ name: "session_id", path: "/", httpOnly: true, sameSite: "Strict", secure: false });
  await visitor.say("by cookie");
  await visitor.message("zoë", "by cookie").waitFor();

  await visitor.page.reload();
  await visitor.isIn("cookies", "zoë");
  await visitor.page.getByRole("button", { name: "Sign out" }).press("Enter");
  await visitor.page.getByRole("region", { name: "Signed out" }).waitFor();
  await visitor.page.getByText("The token or session is missing or not valid (1008 unauthorized).").waitFor();
  expect(await visitor.page.context().cookies()).toEqual([]);
  expect(await visitor.page.evaluate(() => document.activeElement?.id)).toBe("name");
  expect(visitor.faults).toEqual([]);
});

test("P8: a page of another origin can neither sign its visitors in nor use their cookie", async () => {
  await using other = createServer((_, response) => response.end("<!doctype html><title>A page</title>"));
  await once(other.listen(0, "127.0.0.1"), "listening");
  // Another port is another origin, but no other site: SameSite alone would not keep it out.
  await using visitor = await Visitor.open(browser, `http://127.0.0.1:${Object(other.address()).port}/`);
  await visitor.page.context().addCookies([{ name: "session_id", value: "any", url: showcase.url }]);
  for (const path of ["/ws/me", "/ws"]) {
    const closed = await visitor.page.evaluate(
      (url) =>
        new Promise((resolve) => {
          new WebSocket(url, "tidings.v1").onclose = ({ code, reason }) => resolve({ code, reason });
        }),
      showcase.url.replace("http", "ws") + path,
    );
    expect(closed, path).toEqual({ code: 1008, reason: "origin_not_allowed" });
  }
  await visitor.page.evaluate(async (url) => {
    const body = JSON.stringify({ name: "mallory" });
    await fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body });
  }, `${showcase.url}/login`);
  expect((await visitor.page.context().cookies()).map(({ value }) => value)).toEqual(["any"]);
});

test("P8: a page sends its token by the subprotocol and in its first message, never in the address", async () => {
  await using alice = await enter("alice", "token");
  const dialled: string[] = [];
  const sent: string[] = [];
  alice.page.on("websocket", (socket) => {
    dialled.push(socket.url());
    socket.on("framesent", ({ payload }) => sent.push(String(payload)));
  });
  await alice.page.reload();
  await alice.isIn("token", "Alice");
  const token = tokenOf(showcase.links.alice);
  expect(dialled.length).toBe(1); // for all of the page
  expect(dialled.join()).not.toContain(token);
  expect(JSON.parse(sent[0] ?? "")).toMatchObject({ type: "connect", payload: { token } });
  expect(alice.faults).toEqual([]);
});

test("a page whose server goes away says so and when it dials again, does, and tells what is lost", async () => {
  const env = { TIDINGS_JWT_SECRET: "one secret for both of its lives: 1 and 2" };
  const token = signToken({ sub: "alice", name: "Alice" }, { key: env.TIDINGS_JWT_SECRET });
  await using first = await startShowcase(env);
  await using alice = await Visitor.enter(browser, `${first.url}/#token=${token}`);
  expect(await first.program.stop()).toBe(0);
  // It dials again at some time within five seconds: the journal keeps what it said before.
  await alice.noted("The server is going away (1001 going_away).");
  await alice.page.getByRole("button", { name: "Now" }).click();
  const again = /^The connection was lost, or could not be made \(1006\)\. Connecting again in \d+ s\.$/;
  await alice.page.getByText(again).waitFor();

  await using _second = await startShowcase({ ...env, PORT: new URL(first.url).port });
  await alice.page.getByText("Connected", { exact: true }).waitFor();
  for (const channel of ["chat/lobby", "news", "prices/BTC"])
    await alice.noted(`${channel}: live again, but what came meanwhile is lost.`);
  await alice.say("back");
  await alice.message("Alice", "back").waitFor();
});

test("a page that an admin throws out says why and stays closed, until somebody connects again", async () => {
  await using own = await serveShowcase(); // where nobody else is Alice
  await using alice = await Visitor.enter(browser, own.links.alice);
  const admin = await dial(`${own.url}/ws/admin`, { token: tokenOf(own.links.admin) });
  expect(await admin.ask("kick", { user: "alice" })).toMatchObject({ payload: { wasConnected: true } });
  await alice.page.getByRole("alert").getByText("You may not be here (1008 forbidden).", { exact: true }).waitFor();
  expect(await alice.page.getByText("Connecting again").count()).toBe(0);
  await alice.page.getByRole("button", { name: "Connect again" }).press("Enter");
  await alice.page.getByText("Connected", { exact: true }).waitFor();
  await alice.isIn("lobby", "Alice");
});

function enter(who: "alice" | "bob" | "admin", room: string): Promise<Visitor> {
  return Visitor.enter(browser, linkTo(showcase.links[who], { room }));
}
