import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { app, type room, user } from "./app.js";

/** Here a token is the name of its user. */
const byName = () => startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });

test("what one says, all in the room hear", async () => {
  await using server = await byName();
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  const bob = await server.connect<typeof room>("/ws/rooms/lobby", { token: "bob" });
  ana.send("say", { text: "hi" });
  expect(await ana.next("said")).toEqual({ from: "ana", text: "hi" });
  expect(await bob.next("said")).toEqual({ from: "ana", text: "hi" });
});

test("nothing empty is said", async () => {
  await using server = await byName();
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  await expect(ana.request("say", { text: "" })).rejects.toMatchObject({ code: "invalid_payload" });
});
