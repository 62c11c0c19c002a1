import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { connect } from "tidings/client";
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

test("two clients hear each other, over a real socket", async () => {
  await using app = createApp({ endpoints: [room] });
  const { url } = await app.listen(0);
  using ana = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signToken({ sub: "ana" }) });
  using bob = connect<typeof room>(`${url}/ws/rooms/lobby`, { token: () => signToken({ sub: "bob" }) });
  const heard = new Promise((resolve) => bob.on("said", (event, origin) => resolve([event, origin])));
  const lobby = bob.subscribe("chat/:room", { room: "lobby" }, { onGap() {} });
  await lobby.ready;
  expect(await ana.request("say", { text: "hi" })).toBe(null);
  expect(await heard).toEqual([
    { from: "ana", text: "hi" },
    { channel: "chat/lobby", offset: 1 },
  ]);
  expect(await lobby.history()).toEqual([{ type: "said", offset: 1, payload: { from: "ana", text: "hi" } }]);
  expect(ana.user).toEqual({ id: "ana" });
});
