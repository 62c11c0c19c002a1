import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";
import { runShowcase, startShowcase, tokenOf } from "./start-showcase.js";

const secret = "forty characters that only this test has";
const ana = signToken({ sub: "ana", name: "Ana" }, { key: secret });

test("without a secret it prints three links, where to look at it, and that it listens; no log line has a token", async () => {
  await using showcase = await startShowcase();
  expect(showcase.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(showcase.program.stdout).toEqual([
    expect.stringMatching(/^alice: http:\S+\/#token=\S+$/),
    expect.stringMatching(/^bob: http:\S+\/#token=\S+$/),
    expect.stringMatching(/^admin: http:\S+\/#token=\S+$/),
    expect.stringMatching(/^docs: http:\S+\/docs#token=\S+$/),
    `dashboard: ${showcase.url}/dashboard`,
    `listening on ${showcase.url}`,
  ]);
  const token = tokenOf(showcase.links.alice);
  const alice = await dial(`${showcase.url}/ws/rooms/lobby?token=${token}`);
  expect(await alice.ask("whoami", {})).toMatchObject({ payload: { name: "Alice" } });
  expect(await showcase.program.stop()).toBe(0);
  expect(showcase.program.stderr.join("\n")).toContain('"connected"');
  expect(showcase.program.stderr.join("\n")).not.toContain(token);
});

test("with a secret it prints no links for visitors, and no token is seen anywhere", async () => {
  await using showcase = await startShowcase({ TIDINGS_JWT_SECRET: secret });
  const client = await dial(`${showcase.url}/ws/rooms/lobby?token=${ana}`);
  expect(await client.ask("whoami", {})).toMatchObject({ payload: { name: "Ana" } });
  await dialRefused(`${showcase.url}/ws/rooms/lobby?token=${ana}x`);
  expect(await showcase.program.stop()).toBe(0);
  expect(showcase.program.stdout).toEqual([
    `docs: ${showcase.url}/docs`,
    `dashboard: ${showcase.url}/dashboard`,
    `listening on ${showcase.url}`,
  ]);
  expect(showcase.program.stderr.join("\n")).not.toMatch(/token=|eyJ/);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s closes every socket with 1001, and it ends with 0", async (signal) => {
  await using showcase = await startShowcase({ TIDINGS_JWT_SECRET: secret });
  const paths = [
    "/ws/echo",
    ...["rooms/lobby", "users/ana", "subscribe/BTC"].map((path) => `/ws/${path}?token=${ana}`),
  ];
  const clients = await Promise.all(paths.map((path) => dial(`${showcase.url}${path}`)));
  await fetch(showcase.url); // leaves a connection that is kept alive
  const exit = showcase.program.stop(signal);
  for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: "going_away" });
  expect(await exit).toBe(0);
});

test.each(["http", "-1", "65536", "80.5"])("PORT=%j ends it with one line and exit code 1", async (port) => {
  await using program = runShowcase({ PORT: port });
  expect(await program.exit()).toBe(1);
  expect(program.stderr).toEqual([`PORT is ${JSON.stringify(port)}: it must be a number from 0 to 65535.`]);
  expect(program.stdout).toEqual([]);
});

test("a port in use ends it with one line and exit code 1", async () => {
  await using other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = String(Object(other.address()).port);
  await using program = runShowcase({ PORT: port });
  expect(await program.exit()).toBe(1);
  expect(program.stderr).toEqual([`Port ${port} on 127.0.0.1 is in use: set PORT to another, or to 0 for a free one.`]);
  expect(program.stdout).toEqual([]);
});
