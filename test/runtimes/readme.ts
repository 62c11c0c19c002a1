// What the README does with its chat room: a test of it without a network, and then it is served and talked to.
import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { type ClientFor, type Closed, connect } from "tidings/client";
import { startTestApp } from "tidings/testing";
import { app, type room, secret, user } from "./chat.js";

await isTested();
await isServed();
console.log("passed");

async function isTested(): Promise<void> {
  const asTold = ({ token }: { readonly token: string }) => ({ id: token, sub: token, name: token });
  await using server = await startTestApp(app, { override: [[user, asTold]] });
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  const bob = await server.connect<typeof room>("/ws/rooms/lobby", { token: "bob" });
  ana.send("say", { text: "hi" });
  assert.deepEqual(await bob.next("said"), { from: "ana", text: "hi" });
}

async function isServed(): Promise<void> {
  const { url } = await app.listen(0);
  const ana = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signed("ana") });
  const bob = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signed("bob") });
  const heard = new Promise<unknown>((resolve) => bob.on("said", resolve));
  const left = new Promise<unknown>((resolve) => ana.on("left", resolve));
  await Promise.all([ana.request("say", { text: "I am here" }), bob.request("say", { text: "So am I" })]);
  await assert.rejects(ana.request("say", { text: "" }), { code: "invalid_payload" });
  ana.send("say", { text: "hello" });
  assert.equal(typeof (await heard), "object");
  bob.close();
  assert.deepEqual(await left, { name: "bob" });
  assert.equal((await fetch(`${url}/ws/rooms/lobby`)).status, 426);
  await breaksTheLimit(url);
  const lost = loss(ana);
  await app.close();
  assert.deepEqual(await lost, { code: 1001, reason: "going_away" });
  ana.close();
}

/** What the transport itself closes for has its word on every runtime. */
async function breaksTheLimit(url: string): Promise<void> {
  const eve = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signed("eve") });
  const lost = loss(eve);
  eve.send("say", { text: "x".repeat(1 << 20) });
  assert.deepEqual(await lost, { code: 1009, reason: "message_too_big" });
  eve.close();
}

function loss(client: ClientFor<typeof room>): Promise<Closed | undefined> {
  return new Promise((resolve) => {
    client.onStatus((status, why) => {
      if (status !== "open") resolve(why);
    });
  });
}

function signed(name: string): Promise<string> {
  const jwt = new SignJWT({ sub: name, name }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h");
  return jwt.sign(new TextEncoder().encode(secret));
}
