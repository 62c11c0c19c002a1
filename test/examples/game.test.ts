import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { app, game } from "../../examples/game/app.js";
import { Game } from "../../examples/game/game.js";
import { Timeline } from "../../examples/game/page/timeline.js";
import { type Frame, HEIGHT, PLAYER_RADIUS, type Place, WIDTH, World } from "../../examples/game/world.js";
import { servePage } from "../../examples/page-server.js";
import { signIn } from "../../examples/sign-in.js";
import { launchChromium } from "../support/chromium.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";
import { OpenedPage, phone } from "./opened-page.js";

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

test("the world moves while somebody is in it: with two devices until the second has gone", () => {
  using played = new Game(() => {});
  const seen: boolean[] = [];
  for (const change of ["enter", "enter", "leave", "leave", "enter", "leave"] as const) {
    played[change]("ana");
    seen.push(played.isRunning);
  }
  expect(seen).toEqual([true, true, true, false, true, false]);
});

test("who touches a star has caught it, and another is somewhere else", () => {
  const chances = [0.5, 0.5]; // the first star, where Ana comes in
  const world = new World(() => chances.shift() ?? 0);
  chances.push(0.5, 0.5);
  world.add("ana");
  const { players, stars } = world.step();
  expect(players).toEqual([{ id: "ana", x: WIDTH / 2, y: HEIGHT / 2, score: 1 }]);
  expect(new Set(stars.map((star) => JSON.stringify(star)))).toEqual(
    new Set([JSON.stringify({ x: PLAYER_RADIUS, y: PLAYER_RADIUS })]),
  );
});

test("both ways at once is no faster than one of them", () => {
  const world = new World(() => 0.5);
  for (const id of ["one way", "both ways"]) world.add(id);
  world.steer("one way", { x: 1, y: 0 });
  world.steer("both ways", { x: 1, y: 1 });
  const [one, both] = world.step().players;
  expect(one?.x).toBe(WIDTH / 2 + 16);
  expect(Math.hypot((both?.x ?? 0) - WIDTH / 2, (both?.y ?? 0) - HEIGHT / 2)).toBeCloseTo(16, 0);
});

test("between two frames a page shows what is between them, and after the last one that", () => {
  const timeline = new Timeline();
  expect(timeline.at(0)).toBeUndefined();
  for (const tick of [1, 2, 3]) timeline.push(frameAt(tick), 1_000 + 50 * tick);
  // A tenth of a second behind: at the second frame's own time the world is as it was before the first.
  expect([1_100, 1_150, 1_175, 1_200, 1_212.5, 2_000].map((ms) => timeline.at(ms)?.players[0]?.x)).toEqual([
    100, 100, 150, 200, 225, 300,
  ]);
  // The game had stopped: what comes now is shown, and nothing before it.
  timeline.push(frameAt(4), 60_000);
  expect(timeline.at(60_000)?.players[0]?.x).toBe(400);
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
  await ana.shows("Bob is here");
  const carl = await enter("carl");
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
  await ana.press("Connect now");
  await bob.press("Connect now");
  await ana.shows("Connected");
  // The key is held down yet.
  const dora = await enter("dora");
  await nextFrame(dora, (frame) => placeOf(frame, "Ana")?.x === PLAYER_RADIUS && placeOf(frame, "Bob") !== undefined);
  await ana.press("Leave");
  await ana.field("Your name").waitFor();
  await nextFrame(dora, (frame) => placeOf(frame, "Ana") === undefined);
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

function frameAt(tick: number): Frame {
  return { tick, players: [{ id: "ana", x: 100 * tick, y: 0, score: 0 }], stars: [] };
}

/** How many colours there are on the canvas. */
function coloursIn({ page }: OpenedPage): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector("canvas");
    const { data } = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    return new Set(new Uint32Array(Uint8Array.from(data).buffer)).size;
  });
}
