import type { Browser, Locator, Page } from "playwright-core";
import { type AppOptions, channel, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { buildPages } from "../../ui/build.mjs";
import { anyRate } from "../support/any-rate.js";
import { launchChromium } from "../support/chromium.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, type WsClient } from "../support/ws-client.js";
import { Visitor } from "./visitor.js";

let browser: Browser;
beforeAll(async () => {
  [browser] = await Promise.all([launchChromium(), buildPages()]);
});
afterAll(() => browser.close());

const feed = channel("feed", { events: { item: z.object({ text: z.string() }) } });
const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  channels: [feed],
  receives: { say: z.object({ text: z.string() }) },
  open: ({ connection }) => connection.join(feed()),
  on: { say() {} },
});
/** A time as the page writes it. */
const since = /since \d+:\d\d:\d\d [AP]M \(\d+ s\)/;

test("one that stopped reading is the first of the list, and its page says since when and how much waits", async () => {
  await using server = await serveRoom({ limits: { outbox: "4mb" } });
  const [slow, good] = [await enter(server, "slow-sam"), await enter(server, "good-gus")];
  await Promise.all([slow.takeAll(), good.takeAll()]);
  slow.stopReading();
  await fillOutbox(server, good);

  await using visitor = await openDashboard(server, "#/connections");
  const first = visitor.page.getByRole("row").nth(1);
  await first.filter({ hasText: "slow-sam" }).getByText("stopped reading", { exact: true }).waitFor();
  await first.getByRole("link").click();
  await whyText(visitor.page, "stopped reading").filter({ hasText: since }).waitFor();
  const outbox = visitor.page.getByRole("progressbar", { name: "Outbox" });
  expect(await outbox.evaluate((bar: HTMLProgressElement) => [bar.value > 0, bar.max])).toEqual([true, 4 * 1_048_576]);

  slow.startReading();
  await whyText(visitor.page, "nothing is wrong").waitFor();
  expect(visitor.faults).toEqual([]);
});

test("one over its rate says so, since when, what was refused, and that it has nothing left", async () => {
  await using server = await serveRoom({ limits: { messages: "2/60s" } });
  const chatty = await enter(server, "chatty-carl");
  for (const id of ["first", "second"]) expect((await chatty.ask("say", { text: "hi" }, id)).type).toBe("reply");
  for (const id of ["third", "fourth"]) await chatty.ask("say", { text: "hi" }, id);

  await using visitor = await openDashboard(server, "#/connections?which=troubled");
  await openFirst(visitor.page, "chatty-carl", "over its rate");
  await whyText(visitor.page, "over its rate").filter({ hasText: since }).waitFor();
  await visitor.page.getByText(/2 messages were refused/).waitFor();
  await visitor.page.getByText("0 of 2 in 1 min").waitFor();
  const errors = visitor.page.getByRole("region", { name: "Last errors", exact: true });
  expect(await errors.getByRole("row").filter({ hasText: "rate_limited" }).count()).toBe(2);
  expect(visitor.faults).toEqual([]);
});

test("one whose token expired says so and since when while its grace lasts, and after the close why it was", async () => {
  await using server = await serveRoom({ limits: { expiryGrace: "8s" } });
  const eve = await enter(server, "expired-eve", inSeconds(2));

  await using visitor = await openDashboard(server, "#/connections?which=troubled");
  await openFirst(visitor.page, "expired-eve", "expired");
  await whyText(visitor.page, "expired").filter({ hasText: since }).waitFor();
  expect(await eve.closed).toEqual({ code: 1008, reason: "token_expired" });

  await whyText(visitor.page, "closed").filter({ hasText: "by the server with 1008 token_expired" }).waitFor();
  await whyText(visitor.page, "expired").filter({ hasText: since }).waitFor();
  await visitor.page
    .getByText("The token has expired. This is not our client: ours fetches a fresh token and dials again.")
    .waitFor();
  expect(visitor.faults).toEqual([]);
});

test("among the closed ones the last is first, with its code and reason, and its page says what they mean", async () => {
  await using server = await serveRoom({});
  const [ana, bob] = [await enter(server, "ana"), await enter(server, "bob")];
  ana.close(1000);
  await ana.closed;
  bob.close(4001, "kicked");
  await bob.closed;

  await using visitor = await openDashboard(server, "#/connections");
  await visitor.page.getByText("Closed", { exact: true }).click();
  await visitor.page.getByText("2 closed connections").waitFor();
  const rows = visitor.page.getByRole("row");
  expect(await rows.nth(1).textContent()).toContain("4001 kicked");
  expect(await rows.nth(2).textContent()).toContain("1000");
  await rows.nth(1).getByRole("link").click();
  await whyText(visitor.page, "closed").filter({ hasText: "by the client with 4001 kicked" }).waitFor();
  await visitor.page.getByText(/code of the app's own/).waitFor();
});

test("a user is disconnected once somebody has said so twice, and it is told that they were", async () => {
  await using server = await serveRoom({});
  const devices = [await enter(server, "user:ana"), await enter(server, "user:ana")];
  const bob = await enter(server, "bob");
  await using visitor = await openDashboard(server, "#/connections?text=user:ana");
  const { page } = visitor;
  await page.getByText("2 connections").waitFor();
  await page.getByRole("row").nth(1).getByRole("link").click();

  const button = page.getByRole("button", { name: "Disconnect user:ana" });
  await button.click();
  const dialog = page.getByRole("dialog", { name: "Disconnect user:ana?" });
  await dialog.getByText(/All connections of user:ana, in every process, are closed with 1008 forbidden/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  expect(await button.evaluate((each) => each === document.activeElement)).toBe(true);
  expect(await page.getByText(/^Disconnecting|were told to close|^Not disconnected/).count()).toBe(0);
  expect(server.app.stats().connections).toBe(4); // the page's own, too

  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
  await page.getByText("All connections of user:ana were told to close.").waitFor();
  const forbidden = { code: 1008, reason: "forbidden" };
  expect(await Promise.all(devices.map(({ closed }) => closed))).toEqual([forbidden, forbidden]);
  await whyText(page, "closed").filter({ hasText: "by the server with 1008 forbidden" }).waitFor();
  expect((await bob.ask("ping", {})).type).toBe("pong");
  expect(visitor.faults).toEqual([]);
});

test("a connection that nobody knows is said to be unknown", async () => {
  await using server = await serveRoom({});
  await using visitor = await openDashboard(server, "#/connections/unheard-of");
  await visitor.page.getByText(/^No process knows it/).waitFor();
});

function serveRoom(options: Partial<AppOptions>): Promise<ServedApp> {
  return serve({ endpoints: [room], ...options, limits: { ...anyRate, ...options.limits } });
}

function enter(server: ServedApp, sub: string, exp: number = inSeconds(600)): Promise<WsClient> {
  return dial(`${server.url}/ws/rooms/a`, { token: signToken({ sub, exp }) });
}

function openDashboard(server: ServedApp, hash: string): Promise<Visitor> {
  return Visitor.open(browser, `${server.url}/dashboard${hash}`);
}

/** Publishes until so much waits for the slow one that the network between takes no more, and the other has all of it. */
async function fillOutbox({ app }: ServedApp, good: WsClient): Promise<void> {
  const text = "x".repeat(64_000);
  for (let n = 0; n < 5_000; n += 1) {
    if ([...app.connections()].some(({ bufferedBytes }) => bufferedBytes > 1_048_576)) return;
    await app.publish(feed(), "item", { text });
    await good.next();
  }
  throw new Error("The network between took everything.");
}

/** From the list to the page of that user's connection, once it is in this trouble. */
async function openFirst(page: Page, user: string, word: string): Promise<void> {
  const row = page.getByRole("row").filter({ hasText: user });
  await row.getByText(word, { exact: true }).waitFor();
  await row.getByRole("link").click();
}

/** The sentence that says it. */
function whyText(page: Page, word: string): Locator {
  const sentences = page.getByRole("region", { name: "Why" }).getByRole("paragraph");
  return sentences.filter({ has: page.getByText(word, { exact: true }) });
}
