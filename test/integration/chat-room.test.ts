import { channel, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

const chat = channel("chat/:room", {
  events: {
    said: z.object({ text: z.string() }),
    joined: z.object({ name: z.string() }),
    left: z.object({ name: z.string() }),
  },
});
const room = endpoint("/ws/chat/:room", {
  auth: jwt({ secret, claims: z.object({ sub: z.string(), name: z.string() }) }),
  channels: [chat],
  receives: { say: z.object({ text: z.string().trim().min(1).max(500) }) },
  async open({ app, connection, user, params }) {
    connection.join(chat(params));
    await app.publish(chat(params), "joined", { name: user.name }, { except: connection });
  },
  on: {
    async say({ app, connection, user, params }, { text }) {
      await app.publish(chat(params), "said", { text: `${user.name}: ${text}` }, { except: connection });
    },
  },
  async close({ app, user, params }) {
    await app.publish(chat(params), "left", { name: user.name });
  },
});

async function enter(url: string, name: string, at = "lobby") {
  const client = await dial(`${url}/ws/chat/${at}?token=${signToken({ sub: name.toLowerCase(), name })}`);
  expect(await client.takeAll()).toEqual([]);
  return client;
}

function event(type: string, payload: unknown, at = "lobby") {
  return { type, channel: `chat/${at}`, payload };
}

test("P28: who comes, speaks and leaves is told to the others by name", async () => {
  await using server = await serve({ endpoints: [room] });
  const ana = await enter(server.url, "Ana");
  const bob = await enter(server.url, "Bob");
  expect(await ana.next()).toEqual(event("joined", { name: "Bob" }));
  const eve = await enter(server.url, "Eve", "attic");

  bob.send({ type: "say", payload: { text: " hello " } });
  expect(await ana.next()).toEqual(event("said", { text: "Bob: hello" }));
  expect(await ana.ask("say", { text: "hi Bob" })).toMatchObject({ type: "reply", payload: null });
  expect(await bob.takeAll()).toEqual([event("said", { text: "Ana: hi Bob" })]);

  bob.close(1000);
  expect(await ana.next()).toEqual(event("left", { name: "Bob" }));
  expect(await ana.takeAll()).toEqual([]);
  expect(await eve.takeAll()).toEqual([]);
});

test("P28: who is lost has left, and a bad message disturbs nobody", async () => {
  await using server = await serve({ endpoints: [room] });
  const ana = await enter(server.url, "Ana");
  const bob = await enter(server.url, "Bob");
  await ana.next();
  expect((await ana.ask("say", { text: "   " })).payload).toMatchObject({ code: "invalid_payload" });
  expect((await ana.ask("say", { text: "x".repeat(501) })).payload).toMatchObject({ code: "invalid_payload" });
  expect(await bob.takeAll()).toEqual([]);
  bob.terminate();
  expect(await ana.next()).toEqual(event("left", { name: "Bob" }));
});

test("P28: a room of many hears everything in the same order", async () => {
  await using server = await serve({ endpoints: [room] });
  const names = ["Ana", "Bob", "Eve", "Ivo"];
  const clients = await Promise.all(
    names.map((name) => dial(`${server.url}/ws/chat/lobby?token=${signToken({ sub: name, name })}`)),
  );
  const listener = await enter(server.url, "Listener");
  await Promise.all(clients.map((client) => client.takeAll()));
  for (const n of [1, 2, 3]) for (const client of clients) client.send({ type: "say", payload: { text: `${n}` } });
  const told = (await listener.take(12)).map(({ payload }) => (payload as { readonly text: string }).text);
  for (const [index, client] of clients.entries()) {
    const heard = (await client.take(9)).map(({ payload }) => (payload as { readonly text: string }).text);
    expect(heard).toEqual(told.filter((text) => !text.startsWith(`${names[index]}:`)));
  }
  for (const name of names) {
    expect(told.filter((text) => text.startsWith(name))).toEqual([`${name}: 1`, `${name}: 2`, `${name}: 3`]);
  }
});
