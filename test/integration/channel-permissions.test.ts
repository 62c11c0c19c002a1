import { channel, createApp, dependency, endpoint, TidingsError } from "tidings";
import { bearer, session } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf, numbersOf } from "../support/channel-events.js";
import { createGate } from "../support/gate.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";

/** The token says who it is and what they may: `ana:read,write`. */
const user = bearer({
  verify: (token) => {
    const [id = "", rights = ""] = token.split(":");
    return { id, rights: rights.split(",") };
  },
});
const events = { item: z.object({ n: z.number() }) };
const needs = { user };
const readable = channel("readable/:name", {
  events,
  needs,
  presence: true,
  allow: {
    subscribe: ({ user, params }) => user.rights.includes("read") || user.rights.includes(params.name),
    publish: ({ user }) => user.rights.includes("write"),
  },
});
const open = channel("open", { events, allow: { subscribe: true, publish: true } });
const inner = channel("inner", { events });
const shape = endpoint("/ws", {
  auth: user,
  channels: [readable, open, inner],
  receives: { join: z.object({}) },
  on: { join: ({ connection }) => connection.join(inner(), readable({ name: "joined" })) },
});
const a = { channel: "readable/a" };
const publishing = (name: string, n = 1) => ({ channel: name, type: "item", payload: { n } });

// Asked

test("without `allow` clients may do neither, and the server may join them all the same", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`, { token: "ana:" });
  expect(await client.ask("subscribe", { channel: "inner" }, 1)).toMatchObject({
    type: "error",
    id: 1,
    channel: "inner",
    payload: { code: "forbidden", type: "subscribe" },
  });
  expect(codeOf(await client.ask("publish", publishing("inner")))).toBe("forbidden");
  await client.ask("join", {});
  await server.app.publish(inner(), "item", { n: 1 });
  expect(numbersOf(await client.takeAll())).toEqual([1]);
  expect(codeOf(await client.ask("publish", publishing("inner")))).toBe("forbidden");
});

test("`allow` sees what the channel needs and the params of its name, for each channel and each of both", async () => {
  await using server = await serve({ endpoints: [shape] });
  const ana = await dial(`${server.url}/ws`, { token: "ana:read" });
  const bob = await dial(`${server.url}/ws`, { token: "bob:a,write" });
  const ask = (client: WsClient, type: string, name: string) =>
    client.ask(type, type === "publish" ? publishing(name) : { channel: name }).then(codeOf);
  expect(await ask(ana, "subscribe", "readable/a")).toBe("subscribed");
  expect(await ask(ana, "subscribe", "readable/b")).toBe("subscribed");
  expect(await ask(ana, "publish", "readable/a")).toBe("forbidden");
  expect(await ask(bob, "subscribe", "readable/b")).toBe("forbidden");
  expect(await ask(bob, "publish", "readable/b")).toBe("reply");
  expect((await ana.next()).channel).toBe("readable/b");
  expect(await ask(bob, "subscribe", "readable/a")).toBe("subscribed");
});

test("where it is forbidden nothing is done: no channel, no member, no event", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`, { token: "ana:" });
  expect(codeOf(await client.ask("subscribe", { ...a, presence: true }))).toBe("forbidden");
  expect(codeOf(await client.ask("publish", publishing("readable/a")))).toBe("forbidden");
  expect(await server.app.presence(readable({ name: "a" }))).toEqual([]);
  expect(server.app.stats()).toMatchObject({ channels: 0, eventsPublished: 0, errorsAnswered: 2, handlerErrors: 0 });
});

const never = createGate();
const answers: readonly (readonly [string, () => boolean | Promise<boolean>, string])[] = [
  ["true", () => true, "ok"],
  ["a promise of true", () => Promise.resolve(true), "ok"],
  ["false", () => false, "forbidden"],
  ["a promise of false", () => Promise.resolve(false), "forbidden"],
  ["what is truthy and not true", () => 1 as unknown as boolean, "forbidden"],
  ["a promise of what is truthy", () => Promise.resolve("yes" as unknown as boolean), "forbidden"],
  ["nothing", () => undefined as unknown as boolean, "forbidden"],
  ["an error of its own", () => Promise.reject(new TidingsError("forbidden", "Not on Sundays.")), "forbidden"],
  ["an error that is thrown", () => raise(new TidingsError("rate_limited")), "rate_limited"],
  ["an app's own code", () => raise(new TidingsError("too_late", "Come earlier.")), "too_late"],
  ["a fault", () => raise(new TypeError("broken: secret")), "internal"],
  ["a promise of a fault", () => Promise.reject(new TypeError("broken: secret")), "internal"],
  ["no answer in `limits.needs`", () => never.opened.then(() => true), "unavailable"],
];

function raise(error: Error): never {
  throw error;
}

test.each(answers)("a permission that gives %s", async (_, may, code) => {
  const asked = channel("asked", { events, allow: { subscribe: may, publish: may } });
  const shape = endpoint("/ws", { channels: [asked, open] });
  await using server = await serve({ endpoints: [shape], limits: { needs: "50ms" } });
  const client = await dial(`${server.url}/ws`);
  const published = await client.ask("publish", publishing("asked"), "p");
  const subscribed = await client.ask("subscribe", { channel: "asked" }, "s");
  if (code === "ok") {
    expect([published, subscribed].map(codeOf)).toEqual(["reply", "subscribed"]);
    return;
  }
  const wait = code === "unavailable" || code === "rate_limited" ? { retryAfterMs: expect.any(Number) } : {};
  expect(published).toEqual(failed("p", "publish", code, wait));
  expect(subscribed).toEqual(failed("s", "subscribe", code, wait));
  expect(JSON.stringify([published, subscribed])).not.toContain("secret");
  // It goes on, and nothing is left of it.
  expect(codeOf(await client.ask("subscribe", { channel: "open" }))).toBe("subscribed");
  expect(server.app.stats().channels).toBe(1);
  expect(server.errors.unread).toHaveLength(["internal", "unavailable"].includes(code) ? 2 : 0);
});

function failed(id: string, type: string, code: string, wait: object): object {
  return { type: "error", id, channel: "asked", payload: { code, type, message: expect.any(String), ...wait } };
}

test("a permission that comes when it was given up changes nothing", async () => {
  const gate = createGate();
  const late = channel("late", { events, allow: { subscribe: () => gate.opened.then(() => true) } });
  const app = createApp({ endpoints: [endpoint("/ws", { channels: [late] })] });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  client.send({ type: "subscribe", payload: { channel: "late" }, id: 1 });
  await server.clock.advance("9999ms");
  expect(await client.takeAll()).toEqual([]);
  await server.clock.advance("1ms");
  expect(codeOf(await client.next())).toBe("unavailable");
  gate.open();
  await server.clock.advance("1ms");
  await app.publish(late(), "item", { n: 1 });
  expect(await client.takeAll()).toEqual([]);
  expect(app.stats().channels).toBe(0);
});

test("where a dependency that a channel needs refuses, the handshake does", async () => {
  const account = dependency({
    create: () => {
      throw new TidingsError("forbidden");
    },
  });
  const needy = channel("needy", { events, needs: { account }, allow: { subscribe: true } });
  await using server = await serve({ endpoints: [endpoint("/ws", { channels: [needy] })] });
  await expect(dial(`${server.url}/ws`)).rejects.toMatchObject({ status: 403, body: { code: "forbidden" } });
});

// Asked again

function refresh(client: WsClient, token: string): Promise<Arrival> {
  return client.ask("auth", { token }, "refresh");
}

test("after a refresh each channel's permission is asked again: what is forbidden now, it is taken off", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`, { token: "ana:read" });
  for (const name of ["readable/a", "readable/b", "open"]) await client.ask("subscribe", { channel: name });
  expect(codeOf(await refresh(client, "ana:b"))).toBe("auth_success");
  expect(await client.next()).toEqual({ type: "unsubscribed", channel: "readable/a", payload: { code: "forbidden" } });
  for (const name of ["a", "b"]) await server.app.publish(readable({ name }), "item", { n: 1 });
  await server.app.publish(open(), "item", { n: 2 });
  expect((await client.takeAll()).map((each) => each.channel)).toEqual(["readable/b", "open"]);
  expect(await server.app.presence(readable({ name: "a" }))).toEqual([]);
  expect(codeOf(await client.ask("subscribe", a))).toBe("forbidden");
  expect(codeOf(await client.ask("unsubscribe", a))).toBe("not_subscribed");
  expect(codeOf(await refresh(client, "ana:read"))).toBe("auth_success");
  expect(codeOf(await client.ask("subscribe", a))).toBe("subscribed");
});

test("what the server joined it to stays, whatever the channel lets clients do", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`, { token: "ana:read" });
  await client.ask("join", {});
  await refresh(client, "ana:");
  await server.app.publish(inner(), "item", { n: 1 });
  await server.app.publish(readable({ name: "joined" }), "item", { n: 2 });
  expect(numbersOf(await client.takeAll())).toEqual([1, 2]);
});

test("a refresh that fails changes no permission", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`, { token: "ana:read" });
  await client.ask("subscribe", a);
  expect(codeOf(await refresh(client, "bob:"))).toBe("forbidden");
  await server.app.publish(readable({ name: "a" }), "item", { n: 1 });
  expect(numbersOf(await client.takeAll())).toEqual([1]);
  expect(codeOf(await client.ask("subscribe", { channel: "readable/b" }))).toBe("subscribed");
});

test("what may be published is a matter of the fresh credential too", async () => {
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`, { token: "ana:write" });
  expect(codeOf(await client.ask("publish", publishing("readable/a")))).toBe("reply");
  await refresh(client, "ana:");
  expect(codeOf(await client.ask("publish", publishing("readable/a")))).toBe("forbidden");
  await refresh(client, "ana:write");
  expect(codeOf(await client.ask("publish", publishing("readable/a")))).toBe("reply");
});

test.each(["a fault", "no answer in `limits.needs`"])(
  "asked again, a permission that gives %s takes it off",
  async (what) => {
    let isFirst = true;
    const [, may] = answers.find(([name]) => name === what) ?? [];
    const asked = channel("asked", {
      events,
      allow: {
        subscribe() {
          if (!isFirst) return may?.() ?? false;
          isFirst = false;
          return true;
        },
      },
    });
    const shape = endpoint("/ws", { auth: user, channels: [asked, open] });
    await using server = await serve({ endpoints: [shape], limits: { needs: "50ms" } });
    const client = await dial(`${server.url}/ws`, { token: "ana" });
    for (const name of ["asked", "open"]) await client.ask("subscribe", { channel: name });
    expect(codeOf(await refresh(client, "ana"))).toBe("auth_success");
    expect(await client.next()).toEqual({ type: "unsubscribed", channel: "asked", payload: { code: "forbidden" } });
    await server.errors.next();
    await server.app.publish(open(), "item", { n: 1 });
    expect(numbersOf(await client.takeAll())).toEqual([1]);
    expect(server.errors.unread).toEqual([]);
  },
);

test.each(["subscribe", "publish"])(
  "a refresh while `allow.%s` takes its time: it is asked again, as who it is now",
  async (type) => {
    const gate = createGate();
    const asked: string[][] = [];
    const slow = channel("slow", {
      events,
      needs,
      allow: {
        subscribe: ({ user }) => ask(user.rights),
        publish: ({ user }) => ask(user.rights),
      },
    });
    const ask = async (rights: string[]) => {
      asked.push(rights);
      if (asked.length === 1) await gate.opened;
      return rights.includes("yes");
    };
    await using server = await serve({ endpoints: [endpoint("/ws", { auth: user, channels: [slow] })] });
    const client = await dial(`${server.url}/ws`, { token: "ana:yes" });
    client.send({ type, payload: publishing("slow"), id: 1 });
    expect(await client.takeAll()).toEqual([]);
    expect(codeOf(await refresh(client, "ana:no"))).toBe("auth_success");
    gate.open();
    const answer = await client.next();
    expect([answer.id, codeOf(answer)]).toEqual([1, "forbidden"]);
    expect(asked).toEqual([["yes"], ["no"]]);
    expect(server.app.stats()).toMatchObject({ channels: 0, eventsPublished: 0 });
  },
);

test("a refresh that lets in who was not, while `allow` takes its time, lets it in", async () => {
  const gate = createGate();
  const slow = channel("slow", {
    events,
    needs,
    allow: { subscribe: ({ user }) => gate.opened.then(() => user.rights.includes("yes")) },
  });
  await using server = await serve({ endpoints: [endpoint("/ws", { auth: user, channels: [slow] })] });
  const client = await dial(`${server.url}/ws`, { token: "ana:no" });
  client.send({ type: "subscribe", payload: { channel: "slow" }, id: 1 });
  await client.takeAll();
  await refresh(client, "ana:yes");
  gate.open();
  expect(await client.next()).toMatchObject({ type: "subscribed", id: 1 });
});

test("asked again, all are asked at once: one that takes its time keeps it on no other", async () => {
  const gate = createGate();
  let isFirst = true;
  const slow = channel("slow/:n", {
    events,
    allow: { subscribe: ({ params }) => isFirst || (params.n === "1" ? gate.opened.then(() => true) : false) },
  });
  await using server = await serve({ endpoints: [endpoint("/ws", { auth: user, channels: [slow] })] });
  const client = await dial(`${server.url}/ws`, { token: "ana" });
  for (const n of [1, 2, 3]) await client.ask("subscribe", { channel: `slow/${n}` });
  isFirst = false;
  expect(codeOf(await refresh(client, "ana"))).toBe("auth_success");
  expect((await client.take(2)).map(({ type, channel }) => [type, channel])).toEqual([
    ["unsubscribed", "slow/2"],
    ["unsubscribed", "slow/3"],
  ]);
  gate.open();
  expect(codeOf(await client.ask("unsubscribe", { channel: "slow/1" }))).toBe("unsubscribed");
});

test("who unsubscribed while it was asked again is not told that it was taken off", async () => {
  const gate = createGate();
  let asked = 0;
  const slow = channel("slow", {
    events,
    allow: {
      subscribe() {
        asked += 1;
        return asked === 1 || gate.opened.then(() => asked > 2);
      },
    },
  });
  await using server = await serve({ endpoints: [endpoint("/ws", { auth: user, channels: [slow] })] });
  const client = await dial(`${server.url}/ws`, { token: "ana" });
  await client.ask("subscribe", { channel: "slow" }, 1);
  await refresh(client, "ana");
  expect(codeOf(await client.ask("unsubscribe", { channel: "slow" }, 2))).toBe("unsubscribed");
  client.send({ type: "subscribe", payload: { channel: "slow" }, id: 3 });
  gate.open();
  expect(codeOf(await client.next())).toBe("subscribed");
  expect(await client.takeAll()).toEqual([]);
});

test("where a cookie is all there is, no permission can be asked again", async () => {
  const bySession = endpoint("/ws", { auth: session({ lookup: (id) => ({ id }) }), channels: [open] });
  await using server = await serve({ endpoints: [bySession] });
  const client = await dial(`${server.url}/ws`, { headers: { cookie: "session_id=ana" } });
  await client.ask("subscribe", { channel: "open" });
  expect(codeOf(await refresh(client, "ana"))).toBe("forbidden");
  expect(codeOf(await client.ask("unsubscribe", { channel: "open" }))).toBe("unsubscribed");
});
