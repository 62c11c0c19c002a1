import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { app, game, type play } from "../../examples/game/app.js";
import { Timeline } from "../../examples/game/page/timeline.js";
import { type Frame, HEIGHT, PLAYER_RADIUS, WIDTH, World } from "../../examples/game/world.js";
import { user } from "../../examples/sign-in.js";

test("the world moves while somebody is in it: with two devices until the second has gone", async () => {
  await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
  const played = await app.get(game);
  expect(played.isRunning).toBe(false);
  const [phone, laptop] = [await connect(), await connect()];
  for (const device of [phone, laptop]) {
    expect(played.isRunning).toBe(true);
    device.close();
    await device.closed;
    await server.clock.advance("1ms"); // its `close` handler has run
  }
  expect(played.isRunning).toBe(false);
  await connect();
  expect(played.isRunning).toBe(true);

  function connect() {
    return server.connect<typeof play>("/ws/game", { token: "ana" });
  }
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
  // A tenth of a second behind: what came at 1,050 is shown at 1,150, and before that there is nothing else to show.
  expect([1_100, 1_150, 1_175, 1_200, 1_212.5, 2_000].map((ms) => timeline.at(ms)?.players[0]?.x)).toEqual([
    100, 100, 150, 200, 225, 300,
  ]);
  // The game had stopped: what comes now is shown in its own time, and nothing before it.
  for (const tick of [4, 5]) timeline.push(frameAt(tick), 60_000 + 50 * (tick - 4));
  expect([60_000, 60_125, 61_000].map((ms) => timeline.at(ms)?.players[0]?.x)).toEqual([400, 450, 500]);
});

test("a page that is hidden, and draws nothing, keeps no more than it may need", () => {
  const timeline = new Timeline();
  for (let tick = 1; tick <= 1_000; tick += 1) timeline.push(frameAt(tick), 50 * tick);
  // So far back there is nothing: what is shown is the oldest that is kept.
  expect(timeline.at(0)?.tick).toBe(991);
});

function frameAt(tick: number): Frame {
  return { tick, players: [{ id: "ana", x: 100 * tick, y: 0, score: 0 }], stars: [] };
}
