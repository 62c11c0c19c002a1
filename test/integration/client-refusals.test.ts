import { createApp, endpoint, TidingsError } from "tidings";
import { jwt } from "tidings/auth";
import { connect, TidingsError as PagesError } from "tidings/client";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Refusal, refusals } from "../../src/protocol/refusals.js";
import { follow } from "../support/client-events.js";
import { type Case, casesOf } from "../support/refusal-scenarios.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

/** What the client can meet by itself: it neither breaks the protocol nor keeps silent, and has no cookies. */
const cases = casesOf(refusals).filter(({ scenario, ways }) => {
  const { request, bytes, says, isSilent, origin, cookies, passes } = scenario.provoke(ways);
  return [request, bytes, says, isSilent, origin, cookies, passes].every((special) => special === undefined);
});

const anyRoom = endpoint("/ws/room", {});

/** What it does when it has been refused once, as PROTOCOL.md's table says. */
function expectedOf({ reason, ways }: Case): string {
  const row: Refusal = refusals[reason];
  const own: { readonly [Reason in Case["reason"]]?: number | undefined } = ways.closeCodes ?? {};
  // Who is answered by HTTP alone is told nothing.
  if (row.close === undefined) return "waiting 1006";
  return `${row.clientThen === "stay-closed" ? "closed" : "waiting"} ${own[reason] ?? row.close} ${reason}`;
}

test.each(cases.map((each) => [each.name, each] as const))(
  "after %s the client does what its row says",
  async (_, given) => {
    const provocation = given.scenario.provoke(given.ways);
    await using server = await serve(provocation.app, provocation.listen);
    await provocation.before?.({ app: server.app, enter: (path, options) => dial(server.url + path, options) });
    const path = (provocation.path ?? anyRoom.path) as typeof anyRoom.path; // or one that is refused
    using client = connect<typeof anyRoom>(`${server.url}${path}`, { token: provocation.token });
    const { statuses } = follow(client);
    expect(await statuses.next((status) => status !== "open")).toBe(expectedOf(given));
    provocation.after?.();
  },
);

test("what the client can meet is most of the table", () => {
  expect([...new Set(cases.map(({ reason }) => reason))].sort()).toEqual([
    "bad_request",
    "draining",
    "forbidden",
    "going_away",
    "header_too_large",
    "internal",
    "not_found",
    "overloaded",
    "restarting",
    "slow_consumer",
    "token_expired",
    "too_many_connections",
    "unauthorized",
    "unavailable",
  ]);
});

test("an app's own word closes for good, and `closed` tells it", async () => {
  const banned = endpoint("/ws", { allow: () => Promise.reject(new TidingsError("banned", "You were banned.")) });
  await using server = await serve({ endpoints: [banned] });
  using client = connect<typeof banned>(`${server.url}/ws`);
  expect(await client.closed).toEqual({ code: 1008, reason: "banned" });
  expect(client.status).toBe("closed");
  await expect(client.request("any" as never, {} as never)).rejects.toMatchObject({ code: "connection_lost" });
});

test("an app's own code closes for good, unless the client was told to come back", async () => {
  let opened = 0;
  const moody = endpoint("/ws", {
    open({ connection }) {
      opened += 1;
      if (opened < 3) connection.close(4000 + opened, "not now");
    },
  });
  await using server = await serve({ endpoints: [moody] });
  using patient = connect<typeof moody>(`${server.url}/ws`, { retryOn: [4001] });
  const { until } = follow(patient);
  expect(await until("waiting")).toBe("waiting 4001 not now");
  patient.reconnect();
  expect(await patient.closed).toEqual({ code: 4002, reason: "not now" });
});

const user = jwt({ secret, claims: z.object({ sub: z.string() }) });
const me = endpoint("/ws/me", { auth: user, receives: { who: z.object({}) }, on: { who: ({ user }) => user.id } });

test("a token that has expired is asked for again, and the fresh one lets in", async () => {
  await using server = await serve({ endpoints: [me] });
  const tokens = [signToken({ sub: "ana", exp: inSeconds(-60) }), signToken({ sub: "ana" })];
  using client = connect<typeof me>(`${server.url}/ws/me`, { token: () => tokens.shift() });
  const { until } = follow(client);
  expect(await until("waiting")).toBe("waiting 1008 token_expired");
  client.reconnect();
  await until("open");
  expect([client.user, await client.request("who", {})]).toEqual([{ id: "ana" }, "ana"]);
});

test("a token that has expired twice, with nothing between, closes for good", async () => {
  await using server = await serve({ endpoints: [me] });
  let asked = 0;
  using client = connect<typeof me>(`${server.url}/ws/me`, {
    token() {
      asked += 1;
      return signToken({ sub: "ana", exp: inSeconds(-60) });
    },
  });
  const { until } = follow(client);
  await until("waiting");
  client.reconnect();
  expect(await client.closed).toEqual({ code: 1008, reason: "token_expired" });
  expect(asked).toBe(2);
});

test("a page that knows that nobody is signed in says so, and no server is dialled", async () => {
  using client = connect<typeof me>("http://127.0.0.1:9/ws/me", {
    token: () => Promise.reject(new PagesError("unauthorized", "Sign in first.")),
  });
  const { errors } = follow(client);
  expect(await client.closed).toEqual({ code: 1008, reason: "unauthorized" });
  expect(await errors.next(({ code }) => code === "unauthorized")).toMatchObject({ message: "Sign in first." });
});

test("before a token expires a fresh one is said in band, and the connection stays", async () => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  let asked = 0;
  using client = server.client<typeof me>("/ws/me", {
    token() {
      asked += 1;
      return signToken({ sub: "ana", exp: Math.floor(server.clock.now() / 1_000) + 60 });
    },
  });
  const { statuses, errors, until } = follow(client);
  await server.clock.advance("1s");
  await until("open");
  await server.clock.advance("10m");
  expect([statuses.unread, errors.unread]).toEqual([[], []]);
  expect(asked).toBeGreaterThan(10);
  expect(await client.request("who", {})).toBe("ana");
});

test("where no fresh token can be had it is told, the old one expires, and the client comes in with the next", async () => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  let isSignedIn = true;
  using client = server.client<typeof me>("/ws/me", {
    token() {
      if (!isSignedIn) throw new Error("The store is away.");
      return signToken({ sub: "ana", exp: Math.floor(server.clock.now() / 1_000) + 60 });
    },
  });
  const { errors, until } = follow(client);
  await server.clock.advance("1s");
  await until("open");
  isSignedIn = false;
  await server.clock.advance("59s");
  expect(await errors.next()).toMatchObject({ code: "token_failed", message: "The store is away." });
  await server.clock.advance("26s");
  expect(await until("waiting")).toBe("waiting 1008 token_expired");
  isSignedIn = true;
  await server.clock.advance("1m");
  await until("open");
});

test("a fresh token that is another user's is refused, which is told, and the connection stays as it was", async () => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  const users = ["ana", "eve"];
  using client = server.client<typeof me>("/ws/me", {
    token: () => signToken({ sub: users.shift() ?? "eve", exp: Math.floor(server.clock.now() / 1_000) + 60 }),
  });
  const { errors } = follow(client);
  await server.clock.advance("58s");
  expect(await errors.next()).toMatchObject({ code: "forbidden" });
  expect([client.status, client.user, await client.request("who", {})]).toEqual(["open", { id: "ana" }, "ana"]);
});
