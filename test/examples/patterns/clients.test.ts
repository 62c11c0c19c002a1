import "./environment.js";
import { startTestApp } from "tidings/testing";
import { expect, test, vi } from "vitest";
import { app as longWork } from "../../../examples/patterns/p23-long-work/app.js";
import { type room, app as tested, user } from "../../../examples/patterns/p24-test-client/app.js";
import { app as notifier } from "../../../examples/patterns/p25-task-notifier/app.js";
import { app as chatting, type room as lobby } from "../../../examples/patterns/p26-client/app.js";
import { enter } from "../../../examples/patterns/p26-client/client.js";
import { app as chatRoom } from "../../../examples/patterns/p28-chat-room/app.js";
import { Inbox } from "../../support/inbox.js";
import { type Arrival, dial, dialRefused } from "../../support/ws-client.js";
import { tokenOf } from "./environment.js";
import { serveExample } from "./served-example.js";

/** What tasks wait for, so that it is seen how that ends. */
const waits = vi.hoisted((): Promise<unknown>[] => []);
vi.mock("node:timers/promises", async (load) => {
  const real = await load<{ setTimeout(...how: unknown[]): Promise<unknown> }>();
  const setTimeout = (...how: unknown[]) => {
    const ended = real.setTimeout(...how);
    waits.push(ended);
    return ended;
  };
  return { ...real, setTimeout };
});

test("P24: the test client is told what a client on a real socket is told, a refusal too", async () => {
  const override = [[user, ({ token }: { readonly token: string }) => ({ id: token, sub: token })]] as const;
  const inMemory = await startTestApp(tested, { override });
  const ana = await inMemory.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  ana.send("say", { text: "hi" });
  const said = await ana.next("said");
  const wrong = await ana.request("say", { text: "" }).catch(({ code }: { readonly code: string }) => code);
  const refused = await inMemory.connect("/ws/rooms/lobby", { as: "plain" }).catch(({ status }) => status as number);
  await inMemory.clock.advance("1h"); // of which a real hour knows nothing
  expect(inMemory.app.stats().connections).toBe(1);
  await inMemory[Symbol.asyncDispose]();

  await using server = await serveExample(tested);
  const real = await dial(`${server.url}/ws/rooms/lobby`, { token: tokenOf("ana") });
  real.send({ type: "say", payload: { text: "hi" } });
  expect((await real.next()).payload).toEqual(said);
  expect((await real.ask("say", { text: "" })).payload).toMatchObject({ code: wrong });
  expect((await dialRefused(`${server.url}/ws/rooms/lobby`)).status).toBe(refused);
});

test("P25: all devices of a user are told how a task goes, each time with a timestamp, and nobody else", async () => {
  await using server = await serveExample(notifier);
  const join = async (name: string) => {
    const client = await dial(`${server.url}/ws/jobs`, { token: tokenOf(name) });
    expect(await client.takeAll()).toEqual([]);
    return client;
  };
  const [phone, laptop, bob] = [await join("ana"), await join("ana"), await join("bob")];
  phone.send({ type: "export", payload: { pages: 3 } });
  for (const device of [phone, laptop]) {
    const heard: Arrival[] = [];
    while (heard.at(-1)?.type !== "task_completed") heard.push(await device.next());
    expect(heard.map(({ type }) => type).slice(0, 3)).toEqual(["task_queued", "task_started", "task_progress"]);
    for (const { channel, payload } of heard) {
      expect(channel).toBe("$tasks/ana");
      expect(payload).toMatchObject({ name: "export", timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) });
    }
    expect(heard.at(-2)?.payload).toMatchObject({ progress: 100, message: "page 3 of 3" });
    expect(heard.at(-1)?.payload).toMatchObject({ result: { pages: 3 } });
  }
  phone.send({ type: "export", payload: { pages: 500 } });
  expect((await laptop.take(3)).at(-1)).toMatchObject({
    type: "task_failed",
    payload: { error: { code: "too_long" } },
  });
  expect(await bob.takeAll()).toEqual([]);
});

test.each([
  ["P23", longWork, "report"],
  ["P25", notifier, "export"],
] as const)("%s: a task that is cancelled ends where it waits", async (_, app, type) => {
  await using server = await serveExample(app);
  const ana = await dial(`${server.url}/ws/jobs`, { token: tokenOf("ana") });
  ana.send({ type, payload: { pages: 100 } });
  let heard = await ana.next();
  while (heard.type !== "task_progress") heard = await ana.next();
  const { task } = heard.payload as { readonly task: string }; // PROTOCOL.md, Tasks
  ana.send({ type: "task_cancel", payload: { task } });
  while (heard.type !== "task_cancelled") heard = await ana.next();
  await expect(waits.at(-1)).rejects.toMatchObject({ name: "AbortError" });
});

test("P26: each message has its handler; after the server was gone it is back where it stood", async () => {
  const shown = new Inbox<string>("What the client shows");
  const first = await serveExample(chatting);
  const { port } = new URL(first.url);
  using client = enter(first.url.replace("http", "ws"), (line) => shown.put(line));
  expect(await shown.next()).toBe("open");
  client.send("say", { text: "hello" });
  expect(await shown.next()).toBe("said: hello");
  await first[Symbol.asyncDispose]();
  expect(await shown.next()).toBe("waiting");
  await chatting.listen(Number(port), { signals: [] });
  await using _ = chatting;
  await shown.next((line) => line === "open");
  client.send("say", { text: "back" });
  expect(await shown.next((line) => line.startsWith("said"))).toBe("said: back");
});

test("P26: it dials after at most 1 s, then 2, up to 30 s, and anew from 1 s when it was open", async () => {
  await using server = await startTestApp(chatting);
  const client = server.client<typeof lobby>("/ws/rooms/lobby");
  await client.request("say", { text: "hi" });
  /** How long it waits before each dial. */
  const cut = async (dials: number) => {
    server.network.refuseDials(client);
    server.network.cut(client);
    const waits: number[] = [];
    while (waits.length < dials) {
      await server.clock.advance("1ms");
      const waitMs = (client.retryAtMs ?? Number.NaN) - server.clock.now();
      waits.push(waitMs);
      await server.clock.advance(`${waitMs}ms`);
    }
    server.network.mend(client);
    return waits;
  };
  const waits = await cut(60);
  for (const [index, ceilingMs] of [1_000, 2_000, 4_000, 8_000, 16_000].entries()) {
    expect(waits[index]).toBeLessThanOrEqual(ceilingMs);
  }
  // Each is random below its ceiling: of so many one is near it.
  expect(Math.max(...waits)).toBeGreaterThan(25_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  await server.clock.advance("1m");
  expect(client.status).toBe("open");
  expect((await cut(1))[0]).toBeLessThanOrEqual(1_000);
});

test("P26: a server that is not heard any more is noticed by the heartbeat", async () => {
  await using server = await startTestApp(chatting);
  const client = server.client<typeof lobby>("/ws/rooms/lobby");
  await client.request("say", { text: "hi" });
  await server.clock.advance("10m");
  expect(client.status).toBe("open");
  server.network.silence(client);
  await server.clock.advance("41s");
  expect(client.status).not.toBe("open");
  server.network.mend(client);
  await server.clock.advance("30s");
  await client.request("say", { text: "back" });
});

test("P28: names stand before what is said, who joins and leaves is told, and nobody hears themselves", async () => {
  await using server = await serveExample(chatRoom);
  const join = async (name: string, room = "lobby") => {
    const client = await dial(`${server.url}/ws/chat/${room}`, { token: tokenOf(name.toLowerCase(), { name }) });
    expect(await client.takeAll()).toEqual([]);
    return client;
  };
  const event = (type: string, payload: object) => ({ type, channel: "chat/lobby", payload });
  const [ana, eve] = [await join("Ana"), await join("Eve", "attic")];
  const bob = await join("Bob");
  expect(await ana.next()).toEqual(event("joined", { name: "Bob" }));
  await bob.ask("say", { text: " hello " });
  expect(await ana.next()).toEqual(event("said", { text: "Bob: hello" }));
  bob.terminate();
  expect(await ana.next()).toEqual(event("left", { name: "Bob" }));
  for (const client of [ana, eve]) expect(await client.takeAll()).toEqual([]);
});
