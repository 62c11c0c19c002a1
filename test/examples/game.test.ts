import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { app, game } from "../../examples/game/app.js";
import { type Frame, HEIGHT, PLAYER_RADIUS, type Place, WIDTH } from "../../examples/game/world.js";
import { servePage } from "../../examples/page-server.js";
import { signIn } from "../../examples/sign-in.js";
import { launchChromium } from "../support/chromium.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";
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

test("P30: a game: the server moves everybody, and each hears every step of it", async () => {
  const [ana, bob] = [await enter("ana"), await enter("bob")];
  const { tick } = await nextFrame(bob, (frame) => namesIn(frame).join() === "ana,bob");
  expect([(await nextFrame(bob)).tick, (await nextFrame(bob)).tick]).toEqual([tick + 1, tick + 2]);
  ana.send({ type: "steer", payload: { x: 1, y: 1 } });
  await nextFrame(bob, (frame) =>
    isNear(placeOf(frame, "ana"), { x: WIDTH - PLAYER_RADIUS, y: HEIGHT - PLAYER_RADIUS }, 0),
  );
  ana.close();
  await nextFrame(bob, (frame) => namesIn(frame).join() === "bob");
  bob.close();
  await bob.closed;
});

test("P30: a game: who asks for more than is allowed, or too often, is told so and gets none of it", async () => {
  const ana = await enter("ana");
  await nextFrame(ana);
  ana.send({ type: "steer", payload: { x: 100, y: 0 }, id: "far" });
  expect(await nextOf(ana, "error")).toMatchObject({ id: "far", payload: { code: "invalid_payload" } });
  for (let n = 0; n < 31; n += 1) ana.send({ type: "steer", payload: { x: 0, y: 0 }, id: n });
  expect(await nextOf(ana, "error")).toMatchObject({ payload: { code: "rate_limited" } });
  ana.close();
});

test("P30: a game: who stalls costs nobody a step, and then sees the latest world", async () => {
  const [slow, good] = [await enter("slow"), await enter("good")];
  const played = await app.get(game);
  const crowd = Array.from({ length: 200 }, (_, n) => `player ${n}`);
  for (const id of crowd) played.enter(id); // so that a frame is some 10 KB
  let { tick } = await nextFrame(good);
  slow.stopReading();
  // The network's own buffers take some megabytes first.
  for (let n = 0; n < 3_000 && app.stats().eventsConflated < 50; n += 1) {
    played.step();
    const next = await nextFrame(good);
    expect(next.tick).toBe(tick + 1);
    tick = next.tick;
    expect(app.stats().outboxBytes).toBeLessThan(200_000);
  }
  expect(app.stats().eventsConflated).toBeGreaterThanOrEqual(50);
  slow.startReading();
  const ticks = [(await nextFrame(slow)).tick];
  while ((ticks.at(-1) ?? 0) < tick) ticks.push((await nextFrame(slow)).tick);
  const jumps = ticks.slice(1).map((next, index) => next - (ticks[index] ?? 0));
  expect(Math.min(...jumps)).toBe(1);
  expect(jumps.filter((jump) => jump > 40)).toHaveLength(1);
  expect(app.stats()).toMatchObject({ slowConsumers: 0, gaps: 0 });
  for (const id of crowd) played.leave(id);
  for (const client of [slow, good]) client.close();
});

test("P30: a game: two pages play, over a server that goes and comes back", async () => {
  await using ana = await OpenedPage.open(browser, server.url);
  await using bob = await OpenedPage.open(browser, server.url, { viewport: phone, colorScheme: "dark" });
  for (const [visitor, name] of [
    [ana, "Ana"],
    [bob, "Bob"],
  ] as const) {
    expect(await visitor.flaws()).toEqual([]);
    await visitor.enter("Your name", name);
    await visitor.shows("Connected");
  }
  await ana.shows(/Bob is here/);
  const carl = await enter("carl");
  expect(await takes(ana, { code: "KeyA", ctrlKey: true })).toBe(false); // which marks all there is, in a browser
  await ana.page.keyboard.down("ArrowLeft");
  await nextFrame(carl, (frame) => placeOf(frame, "Ana")?.x === PLAYER_RADIUS);
  const arena = bob.page.getByRole("img", { name: /^The arena/ });
  await arena.hover({ position: { x: 5, y: 5 } });
  await bob.page.mouse.down();
  await nextFrame(carl, (frame) => isNear(placeOf(frame, "Bob"), { x: 15, y: 15 }));
  for (const visitor of [ana, bob]) expect(await visitor.flaws()).toEqual([]);
  expect(await coloursIn(ana)).toBeGreaterThan(3);

  const { port } = new URL(server.url);
  await server.close();
  await ana.shows(/will be tried again/);
  server = await serve(Number(port));
  for (const visitor of [ana, bob]) await visitor.connectsAgain();
  // The key is held down yet.
  const dora = await enter("dora");
  await nextFrame(dora, (frame) => placeOf(frame, "Ana")?.x === PLAYER_RADIUS && placeOf(frame, "Bob") !== undefined);
  await ana.press("Leave");
  await ana.field("Your name").waitFor();
  await nextFrame(dora, (frame) => placeOf(frame, "Ana") === undefined);
});

test("P30: a game: it starts as its README says, and ends when it is told to", async () => {
  await using started = await startExample("game");
  expect(await (await fetch(started.url)).text()).toContain("<h1>Stars</h1>");
  expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
});

function serve(port = 0): ReturnType<typeof servePage> {
  return servePage({ app, page: new URL("../../examples/game/page/", import.meta.url), routes: signIn }, { port });
}

async function enter(name: string): Promise<WsClient> {
  const token = await (await fetch(`${server.url}/token?name=${name}`)).text();
  return dial(`${server.url}/ws/game`, { token });
}

async function nextOf(client: WsClient, type: string): Promise<Arrival> {
  for (;;) {
    const arrival = await client.next();
    if (arrival.type === type) return arrival;
  }
}

async function nextFrame(client: WsClient, wants: (frame: Frame) => boolean = () => true): Promise<Frame> {
  for (;;) {
    const frame = (await nextOf(client, "frame")).payload as Frame; // what `arena` publishes
    if (wants(frame)) return frame;
  }
}

function namesIn({ players }: Frame): readonly string[] {
  return players.map(({ id }) => id);
}

function placeOf({ players }: Frame, name: string): Place | undefined {
  return players.find(({ id }) => id === name);
}

function isNear(place: Place | undefined, { x, y }: Place, radius = 2 * PLAYER_RADIUS): boolean {
  return place !== undefined && Math.hypot(place.x - x, place.y - y) <= radius;
}

/** Whether the page keeps a key from the browser. */
function takes({ page }: OpenedPage, key: { readonly code: string; readonly ctrlKey: boolean }): Promise<boolean> {
  return page.evaluate((key) => !dispatchEvent(new KeyboardEvent("keydown", { ...key, cancelable: true })), key);
}

/** How many colours there are on the canvas. */
function coloursIn({ page }: OpenedPage): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector("canvas");
    const { data } = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    return new Set(new Uint32Array(Uint8Array.from(data).buffer)).size;
  });
}
