import { channel, endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const room = channel("room/:room", { events: { said: z.object({ text: z.string() }) } });

function createRooms(left = new Inbox<string>("who left")) {
  return endpoint("/ws/rooms/:room", {
    channels: [room],
    receives: {
      say: z.object({ text: z.string() }),
      sayToOthers: z.object({ text: z.string() }),
      step: z.enum(["out", "in"]),
    },
    open: ({ connection, params }) => connection.join(room(params)),
    on: {
      async say({ app, params }, { text }) {
        await app.publish(room(params), "said", { text });
      },
      async sayToOthers({ app, connection, params }, { text }) {
        await app.publish(room(params), "said", { text }, { except: connection });
      },
      step: ({ connection, params }, where) =>
        where === "in" ? connection.join(room(params)) : connection.leave(room(params)),
    },
    close: ({ params }) => left.put(params.room),
  });
}

function said(name: string, text: string) {
  return { type: "said", channel: `room/${name}`, payload: { text } };
}

test("P5: a room hears what is said in it, and no other room does", async () => {
  await using server = await serve({ endpoints: [createRooms()] });
  const ana = await dial(`${server.url}/ws/rooms/lobby`);
  const bob = await dial(`${server.url}/ws/rooms/lobby`);
  const eve = await dial(`${server.url}/ws/rooms/attic`);
  await Promise.all([ana, bob, eve].map((each) => each.takeAll()));
  ana.send({ type: "say", payload: { text: "hi" } });
  expect(await ana.next()).toEqual(said("lobby", "hi"));
  expect(await bob.next()).toEqual(said("lobby", "hi"));
  expect(await eve.takeAll()).toEqual([]);
  eve.send({ type: "say", payload: { text: "echo" } });
  expect(await eve.next()).toEqual(said("attic", "echo"));
  for (const each of [ana, bob]) expect(await each.takeAll()).toEqual([]);
});

test("P5: the sender can be left out", async () => {
  await using server = await serve({ endpoints: [createRooms()] });
  const [ana, bob, eve] = [
    await dial(`${server.url}/ws/rooms/lobby`),
    await dial(`${server.url}/ws/rooms/lobby`),
    await dial(`${server.url}/ws/rooms/lobby`),
  ];
  await Promise.all([ana, bob, eve].map((each) => each.takeAll()));
  ana.send({ type: "sayToOthers", payload: { text: "one" } });
  ana.send({ type: "say", payload: { text: "two" } });
  ana.send({ type: "sayToOthers", payload: { text: "three" }, id: 3 });
  expect(await ana.takeUntil(3)).toEqual([said("lobby", "two")]);
  for (const each of [bob, eve]) {
    expect(await each.take(3)).toEqual([said("lobby", "one"), said("lobby", "two"), said("lobby", "three")]);
  }
});

test("P5: who leaves hears nothing more, and may come back", async () => {
  await using server = await serve({ endpoints: [createRooms()] });
  const ana = await dial(`${server.url}/ws/rooms/lobby`);
  const bob = await dial(`${server.url}/ws/rooms/lobby`);
  await bob.takeAll();
  await bob.ask("step", "out");
  await ana.ask("sayToOthers", { text: "behind your back" });
  await bob.ask("step", "in");
  await ana.ask("sayToOthers", { text: "welcome back" });
  expect(await bob.takeAll()).toEqual([said("lobby", "welcome back")]);
});

test("P5: to join twice is to join once", async () => {
  await using server = await serve({ endpoints: [createRooms()] });
  const ana = await dial(`${server.url}/ws/rooms/lobby`);
  await ana.ask("step", "in", 1);
  await ana.ask("step", "in", 2);
  ana.send({ type: "say", payload: { text: "hi" } });
  expect(await ana.takeAll()).toEqual([said("lobby", "hi")]);
  await ana.ask("step", "out", 3);
  ana.send({ type: "say", payload: { text: "anyone?" } });
  expect(await ana.takeAll()).toEqual([]);
});

test("P5: an emptied room leaves nothing behind", async () => {
  const left = new Inbox<string>("who left");
  await using server = await serve({ endpoints: [createRooms(left)] });
  const channels = () => server.app.stats().channels;
  const ana = await dial(`${server.url}/ws/rooms/lobby`);
  const bob = await dial(`${server.url}/ws/rooms/lobby`);
  const eve = await dial(`${server.url}/ws/rooms/attic`);
  await Promise.all([ana, bob, eve].map((each) => each.takeAll()));
  expect(channels()).toBe(2);
  await ana.ask("step", "out");
  expect(channels()).toBe(2);
  bob.close();
  expect(await left.next()).toBe("lobby");
  expect(channels()).toBe(1);
  eve.terminate();
  expect(await left.next()).toBe("attic");
  expect(channels()).toBe(0);
  await server.app.publish(room({ room: "lobby" }), "said", { text: "to nobody" });
  expect(channels()).toBe(0);
  expect(await ana.takeAll()).toEqual([]);
});

test("P5: names are compared exactly, once they are decoded", async () => {
  await using server = await serve({ endpoints: [createRooms()] });
  const names = ["caf%C3%A9", "cafe%CC%81", "Caf%C3%A9", "a%20b", "%24x", "%E2%82%AC%F0%9F%91%A9"];
  const clients = await Promise.all(names.map((name) => dial(`${server.url}/ws/rooms/${name}`)));
  for (const [index, client] of clients.entries()) {
    client.send({ type: "say", payload: { text: `${index}` } });
    expect(await client.next()).toEqual(said(decodeURIComponent(names[index] ?? ""), `${index}`));
  }
  for (const client of clients) expect(await client.takeAll()).toEqual([]);
  const twin = await dial(`${server.url}/ws/rooms/%63af%c3%a9`);
  await twin.takeAll();
  await clients[0]?.ask("sayToOthers", { text: "the same room" });
  expect(await twin.next()).toEqual(said("café", "the same room"));
});

test("P5: a connection may be in several rooms, up to a limit", async () => {
  const halls = endpoint("/ws/halls", {
    channels: [room],
    limits: { channels: 3 },
    receives: { enter: z.array(z.string()) },
    on: {
      async enter({ connection }, names) {
        await connection.join(...names.map((name) => room({ room: name })));
        return connection.channels.size;
      },
    },
  });
  await using server = await serve({ endpoints: [halls] });
  const ana = await dial(`${server.url}/ws/halls`);
  expect((await ana.ask("enter", ["a", "b"])).payload).toBe(2);
  expect((await ana.ask("enter", ["c", "d"])).payload).toMatchObject({ code: "too_many_channels" });
  expect((await ana.ask("enter", ["b", "a", "c"])).payload).toBe(3);
  await server.app.publish(room({ room: "d" }), "said", { text: "not for her" });
  await server.app.publish(room({ room: "b" }), "said", { text: "for her" });
  expect(await ana.takeAll()).toEqual([said("b", "for her")]);
});
