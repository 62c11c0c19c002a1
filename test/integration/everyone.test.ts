import { channel, endpoint, TidingsError } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const everyone = channel("everyone", { events: { notice: z.object({ text: z.string() }) } });
const direct = channel("direct/:connection", { events: { whisper: z.object({ text: z.string() }) } });

function createHall() {
  return endpoint("/ws/hall", {
    channels: [everyone, direct],
    sends: { welcome: z.object({ id: z.string() }) },
    receives: { whisper: z.object({ to: z.string(), text: z.string() }), shout: z.object({ text: z.string() }) },
    open({ connection }) {
      connection.join(everyone(), direct({ connection: connection.id }));
      connection.send("welcome", { id: connection.id });
    },
    on: {
      async whisper({ app }, { to, text }) {
        if (![...app.connections()].some(({ id }) => id === to)) throw new TidingsError("nobody_there");
        await app.publish(direct({ connection: to }), "whisper", { text });
      },
      async shout({ app }, { text }) {
        await app.publish(everyone(), "notice", { text });
      },
    },
    async close({ app, connection }) {
      await app.publish(everyone(), "notice", { text: `${connection.id} left` });
    },
  });
}

async function enter(url: string) {
  const client = await dial(`${url}/ws/hall`);
  const { payload } = await client.next();
  return { client, id: (payload as { readonly id: string }).id };
}

function notice(text: string) {
  return { type: "notice", channel: "everyone", payload: { text } };
}

test("P4: `connections()` holds every open connection, and no other", async () => {
  await using server = await serve({ endpoints: [createHall()] });
  const ids = () => [...server.app.connections()].map(({ id }) => id).sort();
  expect(ids()).toEqual([]);
  const [ana, bob, eve] = [await enter(server.url), await enter(server.url), await enter(server.url)];
  expect(ids()).toEqual([ana.id, bob.id, eve.id].sort());
  expect(new Set(ids()).size).toBe(3);
  bob.client.terminate();
  await ana.client.next();
  expect(ids()).toEqual([ana.id, eve.id].sort());
  await server.app.close();
  expect(ids()).toEqual([]);
});

test("P4: a message to one connection reaches that one alone", async () => {
  await using server = await serve({ endpoints: [createHall()] });
  const [ana, bob, eve] = [await enter(server.url), await enter(server.url), await enter(server.url)];
  const answer = await ana.client.ask("whisper", { to: bob.id, text: "psst" }, 1);
  expect(answer).toEqual({ type: "reply", id: 1, payload: null });
  expect(await bob.client.next()).toEqual({
    type: "whisper",
    channel: `direct/${bob.id}`,
    payload: { text: "psst" },
  });
  for (const { client } of [ana, bob, eve]) expect(await client.takeAll()).toEqual([]);
});

test("P4: a broadcast reaches all, from a handler and from any server code", async () => {
  await using server = await serve({ endpoints: [createHall()] });
  const all = [await enter(server.url), await enter(server.url), await enter(server.url)];
  all[0]?.client.send({ type: "shout", payload: { text: "hello" } });
  for (const { client } of all) expect(await client.next()).toEqual(notice("hello"));
  await server.app.publish(everyone(), "notice", { text: "from the server" });
  for (const { client } of all) expect(await client.next()).toEqual(notice("from the server"));
});

test.each([
  ["closes", (client: Awaited<ReturnType<typeof dial>>) => client.close(1000)],
  ["is lost", (client: Awaited<ReturnType<typeof dial>>) => client.terminate()],
])("P4: when one %s, the others are told, once", async (_, leave) => {
  await using server = await serve({ endpoints: [createHall()] });
  const [ana, bob, eve] = [await enter(server.url), await enter(server.url), await enter(server.url)];
  leave(ana.client);
  for (const { client } of [bob, eve]) {
    expect(await client.next()).toEqual(notice(`${ana.id} left`));
    expect(await client.takeAll()).toEqual([]);
  }
  expect((await bob.client.ask("whisper", { to: ana.id, text: "are you there?" }, 2)).payload).toMatchObject({
    code: "nobody_there",
  });
  await server.app.publish(everyone(), "notice", { text: "on we go" });
  expect(await bob.client.next()).toEqual(notice("on we go"));
});

test("P4: server code can close any connection of the registry", async () => {
  await using server = await serve({ endpoints: [createHall()] });
  const [ana, bob] = [await enter(server.url), await enter(server.url)];
  for (const connection of server.app.connections()) if (connection.id === bob.id) connection.close(4000, "moved");
  expect(await bob.client.closed).toEqual({ code: 4000, reason: "moved" });
  expect(await ana.client.next()).toEqual(notice(`${bob.id} left`));
});

test("P4: a reference to a closed connection does no harm: `send` is false, `close` and `leave` do nothing", async () => {
  const kept: (() => Promise<unknown>)[] = [];
  const keeping = endpoint("/ws/keeping", {
    channels: [everyone],
    sends: { late: z.object({}) },
    async open({ connection }) {
      await connection.join(everyone());
      kept.push(async () => {
        connection.close(4000);
        await connection.leave(everyone());
        await connection.join(everyone());
        return { sent: connection.send("late", {}), on: connection.channels.size, aborted: connection.signal.aborted };
      });
    },
  });
  await using server = await serve({ endpoints: [keeping] });
  const client = await dial(`${server.url}/ws/keeping`);
  await client.takeAll();
  client.close(1000);
  await server.log.next("disconnected");
  expect(await kept[0]?.()).toEqual({ sent: false, on: 0, aborted: true });
  expect(server.app.stats()).toMatchObject({ connections: 0, channels: 0, connectionsOpened: 1, connectionsClosed: 1 });
});
