import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { type ClientFor, connect, type Status, whenLive } from "tidings/client";
import { expect, test } from "vitest";
import { z } from "zod";
import { secret, signToken } from "../support/tokens.js";

const user = jwt({ secret, claims: z.object({ sub: z.string() }) });
const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }) },
  history: { size: 10, ttl: "1m" },
  presence: true,
});
const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string() }) },
  channels: [chat],
  open({ connection, params }) {
    connection.join(chat(params));
  },
  on: {
    async say({ app, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.id, text });
    },
  },
});

test("P26: two clients hear each other, each message by its type", async () => {
  await using app = createApp({ endpoints: [room] });
  const { url } = await app.listen(0);
  using ana = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signToken({ sub: "ana" }) });
  using bob = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signToken({ sub: "bob" }) });
  const heard = new Promise((resolve) => bob.on("said", (event, origin) => resolve([event, origin])));
  const lobby = bob.subscribe("chat/:room", { room: "lobby" }, { onGap() {} });
  await whenLive(lobby);
  expect(await ana.request("say", { text: "hi" })).toBe(null);
  expect(await heard).toEqual([
    { from: "ana", text: "hi" },
    { channel: "chat/lobby", offset: 1 },
  ]);
  expect(await lobby.history()).toEqual([{ type: "said", offset: 1, payload: { from: "ana", text: "hi" } }]);
  expect(ana.user).toEqual({ id: "ana" });
});

test("P26: a client that was closed for a passing fault waits a little, and is back", async () => {
  await using app = createApp({ endpoints: [room] });
  const { url } = await app.listen(0);
  using ana = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signToken({ sub: "ana" }) });
  await reached(ana, "open");
  const seen: unknown[] = [];
  ana.onStatus((status, why) => seen.push([status, why?.code]));
  const back = reached(ana, "open");
  await app.disconnectUser("ana", { code: 1013, reason: "overloaded" });
  await back;
  expect(seen).toEqual([
    ["waiting", 1013],
    ["connecting", undefined],
    ["open", undefined],
  ]);
  expect(await ana.request("say", { text: "here again" })).toBe(null);
});

function reached(client: ClientFor<typeof room>, wanted: Status): Promise<void> {
  return new Promise((resolve) => {
    client.onStatus((status) => {
      if (status === wanted) resolve();
    });
  });
}
