import { on, once } from "node:events";
import { expect, test } from "vitest";
import { readRepositoryFile } from "../support/repository.js";
import { signToken } from "../support/tokens.js";
import type { DialOptions } from "../support/ws-client.js";
import { AppBehind } from "./app-behind.js";
import { withFolder } from "./folder.js";
import { ForeignProgram } from "./foreign-program.js";
import { findCaddy } from "./reverse-proxy.js";
import { defaultMsOf } from "./settings.js";

const names = ["nginx", "Caddy"] as const;
const ana = signToken({ sub: "ana" });

test.each(names)("through %s the app knows who the client is, and believes nobody else about it", async (name) => {
  await using behind = await AppBehind.serve(name);
  const told = { "x-forwarded-for": "203.0.113.66", "x-forwarded-proto": "http", "x-forwarded-host": "evil.example" };
  const client = await behind.dial("/ws/me", { token: ana, headers: told });
  const { payload } = await client.ask("who", {});
  expect(payload).toEqual({ user: "ana", address: "127.0.0.9", origin: behind.url.replace("https", "wss") });
});

test.each(names)(
  "through %s a page of this host is let in, and one of another is told that it is not",
  async (name) => {
    await using behind = await AppBehind.serve(name);
    const client = await behind.dial("/ws/me", { token: ana, headers: { origin: behind.url } });
    expect((await client.ask("who", {})).payload).toMatchObject({ user: "ana" });
    const refusal = await behind.dialRefused("/ws/me", { token: ana, headers: { origin: "https://evil.example" } });
    expect(refusal).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
    expect(await behind.dialRefused("/ws/me")).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  },
);

test.each(names)("through %s how each end closes reaches the other", async (name) => {
  await using behind = await AppBehind.serve(name);
  const put = await behind.dial("/ws/me", { token: ana });
  put.send({ type: "leave", payload: {} });
  expect(await put.closed).toEqual({ code: 4001, reason: "left" });
  const going = await behind.dial("/ws/bye");
  going.close(4002, "enough");
  expect(await going.closed).toEqual({ code: 4002, reason: "enough" });
  expect(await behind.left.next()).toBe("4002 enough");
});

test.each(names)("through %s large messages arrive whole, and deflated ones deflated", async (name) => {
  await using behind = await AppBehind.serve(name);
  const socket = await behind.open("/ws/echo");
  expect(socket.extensions).toMatch(/^permessage-deflate/);
  const large = Buffer.alloc(5_000_000, "0123456789");
  const text = "a line of a text that is long enough to be deflated\n".repeat(10_000);
  // Both may come in one turn.
  const messages = on(socket, "message");
  socket.send(large);
  socket.send(text);
  const [first, isBinary] = (await messages.next()).value;
  expect([isBinary, large.equals(first)]).toEqual([true, true]);
  const [second] = (await messages.next()).value;
  expect(String(second) === text).toBe(true);
  socket.close();
});

test("Caddy takes the file as it is", async () => {
  await withFolder(async (folder, write) => {
    const file = write("Caddyfile", readRepositoryFile("deploy/Caddyfile"));
    const home = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    const args = ["validate", "--adapter", "caddyfile", "--config", file];
    await using caddy = new ForeignProgram(findCaddy(), args, { env: home });
    expect(await caddy.exit(), caddy.said.join("\n")).toBe(0);
    expect(caddy.said.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
  });
});

test("nginx is more patient than two heartbeats, in both directions", () => {
  for (const name of ["proxy_read_timeout", "proxy_send_timeout"]) {
    const [, seconds] = new RegExp(`${name} (\\d+)s;`).exec(readRepositoryFile("deploy/nginx.conf")) ?? [];
    expect(Number(seconds) * 1_000).toBeGreaterThan(2 * defaultMsOf("TIDINGS_HEARTBEAT_EVERY"));
  }
});

test("in nginx, which ends what is quiet for 5 s, heartbeats of 2 s keep a connection, and without them it is ended", async () => {
  await using behind = await AppBehind.serve("nginx", "2s");
  await using silent = await AppBehind.serve("nginx", "1h");
  const abandoned = await silent.dial("/ws/bye");
  const kept = await behind.open("/ws/echo");
  expect(await abandoned.closed).toEqual({ code: 1006, reason: "" });
  // As long again, in pings.
  for (let pings = 0; pings < 2; pings += 1) await once(kept, "ping");
  kept.send("still here");
  expect(String((await once(kept, "message"))[0])).toBe("still here");
  kept.close();
});

test.each(names)(
  "through %s a deploy closes everybody with 1001, and who comes back is let in by the next",
  async (name) => {
    await using behind = await AppBehind.serve(name);
    const client = await behind.dial("/ws/me", { token: ana, protocols: ["tidings.v1"] });
    client.send({ type: "connect" });
    expect(await client.next()).toMatchObject({ type: "connected" });
    await behind.close();
    expect(await client.next()).toMatchObject({ type: "drain" });
    expect(await client.closed).toEqual({ code: 1001, reason: "going_away" });
    expect(await behind.dialRefused("/ws/me", { token: ana })).toMatchObject({ status: 502 });
    await behind.startAnew();
    const back = await behind.dial("/ws/me", { token: ana });
    expect((await back.ask("who", {})).payload).toMatchObject({ user: "ana" });
  },
);

test.each(names)("nothing that %s writes has a token in it, whichever way it comes", async (name) => {
  await using behind = await AppBehind.serve(name);
  const asProtocol = `bearer.${Buffer.from(ana).toString("base64url")}`;
  const ways: readonly [path: string, options: DialOptions][] = [
    [`/ws/me?token=${ana}`, {}],
    ["/ws/me", { token: ana }],
    ["/ws/me", { protocols: ["tidings.v1", asProtocol] }],
    ["/ws/me", { token: ana, headers: { cookie: `session_id=${ana}` } }],
  ];
  for (const [path, options] of ways) (await behind.dial(path, options)).close();
  await behind.close();
  // Errors are told in other words than what went well.
  for (const [path, options] of ways) await behind.dialRefused(path, options);
  const written = await behind.stopProxy();
  expect(written).toMatch(/\/ws\/me/);
  for (const token of [ana, asProtocol]) expect(written).not.toContain(token);
});

test.each(names)("%s leads who comes without TLS to where it is", async (name) => {
  await using behind = await AppBehind.serve(name);
  const { status, headers } = await fetch(`${behind.plainUrl}/ws/me?room=1`, { redirect: "manual" });
  expect([301, 308]).toContain(status);
  expect(headers.get("location")).toMatch(/^https:\/\/localhost\S*\/ws\/me\?room=1$/);
});
