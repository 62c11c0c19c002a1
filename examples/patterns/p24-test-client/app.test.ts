import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { app, type room, user } from "./app.js";

/** Here a token is the name of its user. */
const start = () => startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });

test("what one says, both hear", async () => {
  await using server = await start();
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  const bob = await server.connect<typeof room>("/ws/rooms/lobby", { token: "bob" });
  ana.send("say", { text: "hi" });
  expect(await ana.next("said")).toEqual({ from: "ana", text: "hi" });
  expect(await bob.next("said")).toEqual({ from: "ana", text: "hi" });
});

test("nothing empty is said", async () => {
  await using server = await start();
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  await expect(ana.request("say", { text: "" })).rejects.toMatchObject({ code: "invalid_payload" });
});

test("without a token nobody gets in", async () => {
  await using server = await start();
  const refused = server.connect("/ws/rooms/lobby", { as: "plain" });
  await expect(refused).rejects.toMatchObject({ status: 401, code: "unauthorized" });
});

test("who goes silent is closed after 40 s at most, which take no time here", async () => {
  await using server = await start();
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana", answersPings: false });
  await server.clock.advance("40s");
  expect(await ana.closed).toEqual({ code: 1011, reason: "ping_timeout" });
});

test("the real client comes back after the network was lost", async () => {
  await using server = await start();
  const ana = server.client<typeof room>("/ws/rooms/lobby", { token: "ana" });
  await ana.request("say", { text: "before" });
  server.network.cut(ana);
  await server.clock.advance("1s");
  await ana.request("say", { text: "after" });
});
