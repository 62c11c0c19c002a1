import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const user = jwt({ secret: undefined, claims: z.object({ sub: z.string(), name: z.string() }) });
const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }), left: z.object({ name: z.string() }) },
});
const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string().min(1).max(500) }) },
  channels: [chat],
  open({ connection, params }) {
    connection.join(chat(params));
  },
  on: {
    async say({ app, connection, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.name, text }, { except: connection });
    },
  },
  async close({ app, user, params }) {
    await app.publish(chat(params), "left", { name: user.name });
  },
});
const echo = rawEndpoint("/ws/echo", {
  text({ connection }, text) {
    connection.send(text);
  },
});
const app = createApp({ endpoints: [room, echo] });

test("what one says, the others hear", async () => {
  await using server = await startTestApp(app, {
    override: [[user, ({ token }) => ({ id: token, sub: token, name: token })]],
  });
  const ana = await server.connect<typeof room>("/ws/rooms/lobby", { token: "ana" });
  const bob = await server.connect<typeof room>("/ws/rooms/lobby", { token: "bob" });
  ana.send("say", { text: "hi" });
  expect(await bob.next("said")).toEqual({ from: "ana", text: "hi" });
  expect(await ana.request("say", { text: "hi" })).toBe(null);
  await expect(ana.request("say", { text: "" })).rejects.toMatchObject({ code: "invalid_payload" });
  bob.close();
  expect(await ana.next("left")).toEqual({ name: "bob" });
  await expect(server.connect("/ws/rooms/lobby", { as: "plain" })).rejects.toMatchObject({
    status: 401,
    code: "unauthorized",
    closeCode: 1006,
  });
  await expect(server.connect("/ws/rooms/lobby")).rejects.toMatchObject({ code: "unauthorized", closeCode: 1008 });
  const raw = await server.connect<typeof echo>("/ws/echo");
  raw.send("x");
  expect(await raw.next()).toBe("x");
});
