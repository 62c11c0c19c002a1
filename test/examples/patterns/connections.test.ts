import "./environment.js";
import { expect, test, vi } from "vitest";
import { app as lifecycle } from "../../../examples/patterns/p01-lifecycle/app.js";
import { app as frames } from "../../../examples/patterns/p02-frames/app.js";
import { app as echo } from "../../../examples/patterns/p03-echo/app.js";
import { app as everyone } from "../../../examples/patterns/p04-everyone/app.js";
import { app as rooms } from "../../../examples/patterns/p05-rooms/app.js";
import { app as users } from "../../../examples/patterns/p06-users/app.js";
import { Program } from "../../support/child-process.js";
import { Inbox } from "../../support/inbox.js";
import { secret } from "../../support/tokens.js";
import { dial, dialRefused, type WsClient } from "../../support/ws-client.js";
import { logged, tokenOf } from "./environment.js";
import { serveExample } from "./served-example.js";

test("P1: who has no good token is not accepted; who has is seated, heard, and cleaned up after once, however it ends", async () => {
  const left = new Inbox<string>("What `close` prints");
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => left.put(line));
  const server = await serveExample(lifecycle);
  const sit = async (name: string) => {
    const client = await dial(`${server.url}/ws/table`, { token: tokenOf(name) });
    expect(await client.next()).toEqual({ type: "seated", payload: { user: name } });
    return client;
  };
  expect((await dialRefused(`${server.url}/ws/table`)).status).toBe(401);
  const [ana, bob, eve, ivo] = [await sit("ana"), await sit("bob"), await sit("eve"), await sit("ivo")];
  expect(await ana.ask("who", {})).toMatchObject({ payload: ["ana", "bob", "eve", "ivo"] });

  ana.close(1000, "bye");
  expect(await left.next()).toBe("ana left with 1000 bye");
  bob.send({ type: "dismiss" });
  expect(await bob.closed).toEqual({ code: 1000, reason: "dismissed" });
  expect(await left.next()).toBe("bob left with 1000 dismissed");
  eve.terminate();
  expect(await left.next()).toBe("eve left with 1006");
  expect(await ivo.ask("who", {})).toMatchObject({ payload: ["ivo"] });
  await server[Symbol.asyncDispose]();
  expect(await ivo.closed).toEqual({ code: 1001, reason: "going_away" });
  expect([await left.next(), ...left.unread]).toEqual(["ivo left with 1001 going_away"]);
  log.mockRestore();
});

test("P1: a signal to the process closes everybody, and `close` runs", async () => {
  const args = ["dev", "examples/patterns/p01-lifecycle/app.ts", "--port", "0", "--json"];
  await using program = new Program("src/cli/index.ts", { TIDINGS_JWT_SECRET: secret }, args);
  const { url } = JSON.parse(await program.line(/"event":"listening"/)) as { readonly url: string };
  const ana = await dial(`${url}/ws/table`, { token: tokenOf("ana") });
  await ana.next();
  expect(await program.stop("SIGTERM")).toBe(0);
  expect(await ana.closed).toEqual({ code: 1001, reason: "going_away" });
  const printed = [...program.stdout, ...program.stderr].filter((line) => line.startsWith("ana left"));
  expect(printed).toEqual(["ana left with 1001 going_away"]);
});

test("P2: text, bytes and JSON go in and out as what they are", async () => {
  await using server = await serveExample(frames);
  const raw = await dial(`${server.url}/ws/frames`);
  raw.sendText("hello");
  expect(await raw.nextFrame()).toBe("HELLO");
  raw.sendBinary(Uint8Array.of(1, 2, 255));
  expect(await raw.nextFrame()).toEqual(Buffer.of(255, 2, 1));
  const json = await dial(`${server.url}/ws/json`);
  expect(await json.next()).toEqual({ type: "greeting", payload: { text: "Give me two numbers." } });
  expect(await json.ask("add", { a: 2, b: 3 }, 7)).toEqual({ type: "reply", id: 7, payload: { sum: 5 } });
});

test.each(["/ws/echo", "/ws/loop"])("P3: %s returns each text and binary frame unchanged", async (path) => {
  await using server = await serveExample(echo);
  const client = await dial(`${server.url}${path}`);
  for (const text of ["hello", "", "żółć 👩", "x".repeat(60_000)]) {
    client.sendText(text);
    expect(await client.nextFrame()).toBe(text);
  }
  const bytes = Buffer.from([0, 1, 254, 255]);
  client.sendBinary(bytes);
  expect(await client.nextFrame()).toEqual(bytes);
});

test("P4: all connections are in the registry; one is whispered to, all are told, and the others hear who leaves", async () => {
  await using server = await serveExample(everyone);
  const enter = async () => {
    const client = await dial(`${server.url}/ws/hall`);
    const { payload } = await client.next();
    return { client, id: (payload as { readonly id: string }).id };
  };
  const [ana, bob, eve] = [await enter(), await enter(), await enter()];
  expect(await ana.client.ask("who", {})).toMatchObject({ payload: [ana.id, bob.id, eve.id] });

  await ana.client.ask("whisper", { to: bob.id, text: "psst" });
  expect(await bob.client.next()).toMatchObject({ type: "whisper", payload: { from: ana.id, text: "psst" } });
  expect(await ana.client.ask("whisper", { to: "nobody", text: "psst" })).toMatchObject({
    payload: { code: "nobody_there" },
  });
  bob.client.send({ type: "shout", payload: { text: "hello" } });
  for (const { client } of [ana, bob, eve]) {
    expect(await client.next()).toEqual({ type: "said", channel: "everyone", payload: { text: "hello" } });
  }
  bob.client.terminate();
  for (const { client } of [ana, eve]) {
    expect(await client.next()).toEqual({ type: "left", channel: "everyone", payload: { id: bob.id } });
  }
  expect(await eve.client.ask("who", {})).toMatchObject({ payload: [ana.id, eve.id] });
});

test("P5: a room of the path is joined and left, hears with or without the sender, and leaves nothing behind", async () => {
  await using server = await serveExample(rooms);
  const enter = async (room: string) => {
    const client = await dial(`${server.url}/ws/rooms/${room}`);
    expect(await client.takeAll()).toEqual([]);
    return client;
  };
  const [ana, bob, eve] = [await enter("lobby"), await enter("lobby"), await enter("attic")];
  const said = { type: "said", channel: "chat/lobby", payload: { text: "hi" } };
  await ana.ask("say", { text: "hi" }); // and its answer is the first that she hears
  expect(await bob.next()).toEqual(said);
  ana.send({ type: "echo", payload: { text: "hi" } });
  for (const client of [ana, bob]) expect(await client.next()).toEqual(said);
  await bob.ask("leave", {});
  await ana.ask("say", { text: "hi" });
  for (const client of [bob, eve]) expect(await client.takeAll()).toEqual([]);
  expect(server.app.stats().channels).toBe(2);
  for (const client of [ana, eve]) await leave(client);
  expect(server.app.stats()).toMatchObject({ channels: 0, connections: 1 });
});

test("P6: a user hears on all devices, is connected while one is, and a dead one is gone at once", async () => {
  await using server = await serveExample(users);
  const enter = (name: string) => dial(`${server.url}/ws/me`, { token: tokenOf(name) });
  const [phone, laptop, bob] = [await enter("zoe"), await enter("zoe"), await enter("bob")];
  for (const client of [phone, laptop]) expect(await client.takeAll()).toEqual([]);
  await bob.ask("tell", { to: "zoe", text: "hi" });
  const notice = { type: "notice", channel: "inbox/zoe", payload: { from: "bob", text: "hi" } };
  for (const client of [phone, laptop]) expect(await client.next()).toEqual(notice);
  expect(await bob.takeAll()).toEqual([]);

  for (const [client, remains] of [
    [phone, true],
    [laptop, false],
  ] as const) {
    client.terminate();
    await logged("disconnected", { user: "zoe" });
    expect(await bob.ask("isConnected", { user: "zoe" })).toMatchObject({ payload: remains });
  }
});

async function leave(client: WsClient): Promise<void> {
  client.close(1000);
  await client.closed;
}
