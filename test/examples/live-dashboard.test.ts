import type { Browser } from "playwright-core";
import { type ClientFor, connect } from "tidings/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { app, type desk, watch } from "../../examples/live-dashboard/app.js";
import { routes } from "../../examples/live-dashboard/routes.js";
import { servePage } from "../../examples/page-server.js";
import { launchChromium } from "../support/chromium.js";
import { Inbox } from "../support/inbox.js";
import { OpenedPage, phone } from "./opened-page.js";
import { startExample } from "./started-example.js";

let browser: Browser;
let server: Awaited<ReturnType<typeof servePage>>;
beforeAll(async () => {
  [browser, server] = await Promise.all([launchChromium(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test("P30: a live dashboard: who comes has the figures of before at once, and then each that follows", async () => {
  using ana = look("ana");
  const first = samplesOf(ana);
  await first.next();
  const watched = await app.get(watch);
  for (let n = 0; n < 20; n += 1) watched.sample();
  for (let n = 0; n < 20; n += 1) await first.next();
  using bob = look("bob");
  const second = samplesOf(bob);
  for (let offset = 1; offset <= 21; offset += 1) expect(await second.next()).toMatchObject({ offset });
  await fetch(`${server.url}/`);
  const { offset, sample } = await first.next(({ sample }) => sample.requests > 0);
  expect(await second.next((each) => each.offset === offset)).toEqual({ offset, sample });
  expect(sample.memory).toBeGreaterThan(10);
  expect(sample.cpu).toBeGreaterThanOrEqual(0);
});

test("P30: a live dashboard: all are alerted, and an operator alone acknowledges", async () => {
  using ana = look("ana", "operator");
  using bob = look("bob", "viewer");
  const [told, known] = [alertsOf(ana), alertsOf(bob)];
  for (const inbox of [told, known]) await inbox.next(({ type }) => type === "state");
  const watched = await app.get(watch);
  watched[Symbol.dispose](); // its clock: from here on samples are taken by hand
  for (let good = 0; good < 4; good += 1) watched.sample(); // what this computer was slow at before is over
  watched.meter.record(2_000);
  watched.sample();
  const raised = await known.next(({ type, value = 0 }) => type === "raised" && value > 1_000);
  const { id: alert = "" } = raised;
  expect(raised).toMatchObject({ figure: "p95", value: expect.closeTo(2_000, -1) });
  await expect(bob.request("acknowledge", { alert })).rejects.toMatchObject({ code: "forbidden" });
  await expect(ana.request("acknowledge", { alert: "made up" })).rejects.toMatchObject({ code: "no_such_alert" });
  for (let twice = 0; twice < 2; twice += 1) await ana.request("acknowledge", { alert });
  expect(await known.next(({ id }) => id === alert)).toEqual({ type: "acknowledged", id: alert, by: "ana" });
  using carl = look("carl");
  expect(await alertsOf(carl).next()).toMatchObject({ standing: [{ id: alert, acknowledgedBy: "ana" }] });
  for (let good = 0; good < 4; good += 1) watched.sample(); // in the first there may be what Carl asked for
  expect(await known.next(({ id }) => id === alert)).toEqual({ type: "eased", id: alert });
  for (const type of ["raised", "acknowledged", "eased"])
    expect(await told.next(({ id }) => id === alert)).toMatchObject({ type });
});

test("P30: a live dashboard: two pages see the same, over a server that goes and comes back", async () => {
  await using ana = await OpenedPage.open(browser, server.url);
  await using bob = await OpenedPage.open(browser, server.url, { viewport: phone, colorScheme: "dark" });
  for (const visitor of [ana, bob]) expect(await visitor.flaws()).toEqual([]);
  await bob.page.getByRole("combobox").selectOption("viewer");
  await ana.enter("Your name", "Ana");
  await bob.enter("Your name", "Bob");
  for (const visitor of [ana, bob]) await visitor.page.getByRole("img", { name: /^Requests: [\d.]+ \/s/ }).waitFor();
  await ana.press("Ask for slow answers");
  await bob.shows(/^Answers are slow: /);
  expect(await bob.flaws()).toEqual([]);
  await bob.shows("Only an operator acknowledges it.");
  expect(await bob.page.getByRole("button", { name: "Acknowledge" }).count()).toBe(0);
  await ana.page.getByRole("button", { name: "Acknowledge" }).first().click();
  await bob.shows("Ana looks after it");
  expect(await ana.flaws()).toEqual([]);

  const { port } = new URL(server.url);
  await server.close();
  await ana.shows(/will be tried again/);
  server = await serve(Number(port));
  await ana.connectsAgain();
  // Another server: what stood there does not stand here.
  await ana.page.getByText(/^Answers are slow: /).waitFor({ state: "detached" });
});

test("P30: a live dashboard: a refusal is shown at its alert, and each chart says how far back it goes", async () => {
  await using eve = await OpenedPage.open(browser, server.url, { viewport: phone });
  // She says that she is an operator, and the server knows that she is none.
  await eve.page.route("**/token?*", async (route) => {
    await route.continue({ url: route.request().url().replace("role=operator", "role=viewer") });
  });
  await eve.enter("Your name", "Eve");
  await eve.shows("Connected");
  const watched = await app.get(watch);
  watched.meter.record(2_000);
  watched.sample();
  const alert = eve.page.getByRole("listitem").filter({ hasText: "Answers are slow: " });
  await alert.getByRole("button", { name: "Acknowledge" }).press("Enter");
  const refusal = alert.getByText("Only an operator acknowledges.", { exact: true });
  await refusal.waitFor();
  expect(await refusal.getAttribute("class")).toBe("refused");
  expect(await eve.flaws()).toEqual([]);
  const axis = eve.page.getByRole("figure").filter({ hasText: "Requests" }).locator(".axis");
  const [from, to] = await axis.locator("time").evaluateAll((ends) => ends.map((end) => Object(end).dateTime));
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000;
  await axis.getByText({ 30: "last 30 seconds", 60: "last minute", 120: "last two minutes" }[seconds] ?? "").waitFor();
  for (let good = 0; good < 4; good += 1) watched.sample(); // in the first there may be what the page asked for
  await alert.waitFor({ state: "detached" });
  // Who was on its button has a place still.
  expect(await eve.page.evaluate(() => document.activeElement?.id)).toBe("alerts-title");
});

test("P30: a live dashboard: it starts as its README says, and ends when it is told to", async () => {
  await using started = await startExample("live-dashboard");
  expect(await (await fetch(started.url)).text()).toContain("<h1>A live dashboard</h1>");
  expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
});

function serve(port = 0): ReturnType<typeof servePage> {
  return servePage({ app, page: new URL("../../examples/live-dashboard/page/", import.meta.url), routes }, { port });
}

function look(name: string, role = "viewer"): ClientFor<typeof desk> {
  return connect<typeof desk>(`${server.url}/ws/desk`, {
    token: async () => (await fetch(`${server.url}/token?${new URLSearchParams({ name, role })}`)).text(),
  });
}

/** The samples that are kept, and then those that come. */
function samplesOf(client: ClientFor<typeof desk>) {
  const inbox = new Inbox<{
    readonly offset: number | undefined;
    readonly sample: { requests: number; memory: number; cpu: number };
  }>("Samples");
  const channel = client.subscribe("figures", { rewind: 300, onGap: () => {} });
  channel.on("sample", (sample, { offset }) => inbox.put({ offset, sample }));
  return inbox;
}

/** What is said of answers that are slow, the state first. How busy the processors are is this computer's affair. */
function alertsOf(client: ClientFor<typeof desk>) {
  const inbox = new Inbox<{ readonly type: string; readonly id?: string; readonly value?: number }>("Alerts");
  const isOurs = ({ id }: { readonly id: string }) => id.startsWith("p95");
  const put = (type: string) => (said: { readonly id: string }) => isOurs(said) && inbox.put({ type, ...said });
  const channel = client.subscribe("alerts", {
    onState: (standing) => inbox.put({ type: "state", ...{ standing: standing.filter(isOurs) } }),
  });
  channel.on("raised", put("raised"));
  channel.on("acknowledged", put("acknowledged"));
  channel.on("eased", put("eased"));
  return inbox;
}
