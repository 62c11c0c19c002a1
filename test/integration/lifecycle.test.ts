import { channel, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, type WsClient } from "../support/ws-client.js";

test("P1: authenticate, accept, open, messages, close: in this order, each once", async () => {
  const steps: string[] = [];
  const claims = z.object({ sub: z.string() }).refine(() => steps.push("authenticate"));
  const ended = createGate();
  const work = endpoint("/ws/work", {
    auth: jwt({ secret, claims }),
    allow: ({ user }) => steps.push(`allow ${user.sub}`) > 0,
    sends: { welcome: z.object({ user: z.string() }) },
    receives: { step: z.object({ n: z.number() }) },
    open({ connection, user }) {
      steps.push("open");
      connection.send("welcome", { user: user.id });
    },
    on: { step: (_, { n }) => void steps.push(`message ${n}`) },
    close(_, closed) {
      steps.push(`close ${closed.code} ${closed.reason}`);
      ended.open();
    },
  });
  await using server = await serve({ endpoints: [work] });
  const ana = await dial(`${server.url}/ws/work`, { token: signToken({ sub: "ana" }) });
  expect(await ana.next()).toEqual({ type: "welcome", payload: { user: "ana" } });
  ana.send({ type: "step", payload: { n: 1 } });
  await ana.ask("step", { n: 2 });
  ana.close(1000, "done");
  expect(await ana.closed).toEqual({ code: 1000, reason: "done" });
  await ended.opened;
  await server.app.close();
  expect(steps).toEqual(["authenticate", "allow ana", "open", "message 1", "message 2", "close 1000 done"]);
});

test("P1: who is not authenticated is never accepted: neither `open` nor `close` runs", async () => {
  const steps: string[] = [];
  const work = endpoint("/ws/work", {
    auth: jwt({ secret }),
    allow: ({ user }) => user.id !== "eve",
    open: () => void steps.push("open"),
    close: () => void steps.push("close"),
  });
  await using server = await serve({ endpoints: [work] });
  expect((await dialRefused(`${server.url}/ws/work`)).status).toBe(401);
  expect((await dialRefused(`${server.url}/ws/work`, { token: signToken({ sub: "eve" }) })).status).toBe(403);
  await server.app.close();
  expect(steps).toEqual([]);
});

interface Ending {
  readonly name: string;
  readonly end: (given: { client: WsClient; app: { close(): Promise<void> } }) => unknown;
  readonly seen: { readonly code: number; readonly reason: string };
}

const endings: readonly Ending[] = [
  { name: "the client closes", end: ({ client }) => client.close(1000, "bye"), seen: { code: 1000, reason: "bye" } },
  { name: "the client closes without a code", end: ({ client }) => client.close(), seen: { code: 1005, reason: "" } },
  {
    name: "a handler closes",
    end: ({ client }) => client.send({ type: "dismiss" }),
    seen: { code: 4000, reason: "dismissed" },
  },
  {
    name: "a handler closes it three times",
    end: ({ client }) => client.send({ type: "dismissThrice" }),
    seen: { code: 4001, reason: "one" },
  },
  { name: "the network is lost", end: ({ client }) => client.terminate(), seen: { code: 1006, reason: "" } },
  { name: "the app closes", end: ({ app }) => app.close(), seen: { code: 1001, reason: "going_away" } },
  {
    name: "the client closes while the app does",
    end: ({ client, app }) => {
      client.close(1000, "bye");
      return app.close();
    },
    seen: { code: 1001, reason: "going_away" },
  },
];

test.each(endings)("P1: `close` runs exactly once when $name", async ({ end, seen }) => {
  const closes = new Inbox<unknown>("close");
  let calls = 0;
  const room = channel("room", { events: { noise: z.object({}) } });
  const work = endpoint("/ws/work", {
    channels: [room],
    receives: { dismiss: z.object({}), dismissThrice: z.object({}) },
    open: ({ connection }) => connection.join(room()),
    on: {
      dismiss: ({ connection }) => connection.close(4000, "dismissed"),
      dismissThrice({ connection }) {
        connection.close(4001, "one");
        connection.close(4002, "two");
        connection.close(4003, "three");
      },
    },
    close({ app, connection }, closed) {
      calls += 1;
      const { channels, connections } = app.stats();
      closes.put({ closed, aborted: connection.signal.aborted, on: connection.channels.size, channels, connections });
    },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  await client.takeAll();
  expect([...server.app.connections()]).toHaveLength(1);
  await end({ client, app: server.app });
  expect(await closes.next()).toEqual({ closed: seen, aborted: true, on: 0, channels: 0, connections: 0 });
  await server.app.close();
  expect(calls).toBe(1);
});

test("P1: `close` runs exactly once when the connection is reset", async () => {
  const closes = new Inbox<unknown>("close");
  const echo = rawEndpoint("/ws/echo", { close: (_, closed) => closes.put(closed) });
  await using server = await serve({ endpoints: [echo] });
  using raw = await openRaw(`${server.url}/ws/echo`);
  raw.reset();
  expect(await closes.next()).toEqual({ code: 1006, reason: "" });
  await server.app.close();
  expect(closes.unread).toEqual([]);
});

test("P1: `close` runs exactly once when `open` throws", async () => {
  const closes: unknown[] = [];
  const work = endpoint("/ws/work", {
    open() {
      throw new Error("no room");
    },
    close: (_, closed) => void closes.push(closed),
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  expect(await client.closed).toEqual({ code: 1011, reason: "internal" });
  await server.app.close();
  expect(closes).toEqual([{ code: 1011, reason: "internal" }]);
});

test("P1: no handler runs before `open` is done, and what came meanwhile is handled in order", async () => {
  const steps: string[] = [];
  const ready = createGate();
  const work = endpoint("/ws/work", {
    receives: { step: z.object({ n: z.number() }) },
    async open() {
      steps.push("open begins");
      await ready.opened;
      steps.push("open ends");
    },
    on: { step: (_, { n }) => void steps.push(`message ${n}`) },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  for (const n of [1, 2, 3]) client.send({ type: "step", payload: { n }, id: n });
  expect(await client.takeAll()).toEqual([]);
  expect(steps).toEqual(["open begins"]);
  ready.open();
  expect((await client.take(3)).map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(steps).toEqual(["open begins", "open ends", "message 1", "message 2", "message 3"]);
});

test("P1: messages are handled one at a time, in the order they came", async () => {
  const steps: string[] = [];
  const gates = [createGate(), createGate(), createGate()];
  const begun = new Inbox<number>("handlers that began");
  const work = endpoint("/ws/work", {
    receives: { step: z.object({ n: z.number() }) },
    on: {
      async step(_, { n }) {
        steps.push(`begin ${n}`);
        begun.put(n);
        await gates[n]?.opened;
        steps.push(`end ${n}`);
        return n;
      },
    },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  for (const n of [0, 1, 2]) client.send({ type: "step", payload: { n }, id: n });
  await begun.next();
  gates[2]?.open();
  gates[1]?.open();
  expect(await client.takeAll()).toEqual([]);
  expect(steps).toEqual(["begin 0"]);
  gates[0]?.open();
  expect((await client.take(3)).map(({ payload }) => payload)).toEqual([0, 1, 2]);
  expect(steps).toEqual(["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
});

test("P1: a handler that runs is told by `signal`, and `close` waits for it", async () => {
  const steps: string[] = [];
  const begun = createGate();
  const ended = createGate();
  const work = endpoint("/ws/work", {
    receives: { wait: z.object({}) },
    sends: { late: z.object({}) },
    on: {
      async wait({ connection }) {
        begun.open();
        await new Promise((aborted) => connection.signal.addEventListener("abort", aborted));
        steps.push(`aborted, sent: ${connection.send("late", {})}`);
        await Promise.resolve();
        steps.push("handler ends");
      },
    },
    close() {
      steps.push("close");
      ended.open();
    },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "wait", id: 1 });
  await begun.opened;
  client.terminate();
  await ended.opened;
  expect(steps).toEqual(["aborted, sent: false", "handler ends", "close"]);
});

test("P1: what a client said before it closed is handled, then `close` runs", async () => {
  const steps: string[] = [];
  const ended = createGate();
  const work = endpoint("/ws/work", {
    receives: { step: z.object({ n: z.number() }) },
    on: {
      async step(_, { n }) {
        await Promise.resolve();
        steps.push(`message ${n}`);
      },
    },
    close() {
      steps.push("close");
      ended.open();
    },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  for (const n of [1, 2, 3]) client.send({ type: "step", payload: { n } });
  client.close(1000);
  await ended.opened;
  expect(steps).toEqual(["message 1", "message 2", "message 3", "close"]);
});
