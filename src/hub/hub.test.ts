import { expect, test } from "vitest";
import { z } from "zod";
import { RecordingLink } from "../../test/support/recording-link.js";
import { type Opened, RecordingTurn } from "../../test/support/recording-turn.js";
import type { BrokerEvent, BrokerNode } from "../broker/broker.js";
import { channel } from "../declare/channel.js";
import { Hub, type Member } from "./hub.js";
import { OutgoingPayloadError } from "./outgoing.js";

const chat = channel("chat/:room", { events: { said: z.object({ text: z.string().trim().max(5) }) } });
const lobby = chat({ room: "lobby" });

interface TestMember extends Member, Pick<Opened, "socket"> {
  readonly closes: [number, string][];
}

async function openHub() {
  const recording = new RecordingTurn();
  const link = new RecordingLink();
  const errors: [unknown, string][] = [];
  let node: BrokerNode | undefined;
  const hub = await Hub.open(
    async (given) => {
      node = given;
      return link;
    },
    { turn: recording.turn, counters: recording.counters, onError: (error, during) => errors.push([error, during]) },
  );
  const member = (id: string, user?: string): TestMember => {
    const closes: [number, string][] = [];
    const close = (code: number, reason: string) => closes.push([code, reason]);
    return {
      id,
      user: user === undefined ? undefined : { id: user },
      ...recording.open(),
      channels: new Set(),
      closes,
      close,
    };
  };
  const deliver = (event: Partial<BrokerEvent>) =>
    node?.deliver({
      channel: "chat/lobby",
      type: "said",
      payloadJson: '{"text":"hi"}',
      except: undefined,
      epoch: "e1",
      offset: 1,
      ...event,
    });
  return { hub, link, recording, errors, member, deliver, node: node as BrokerNode };
}

const event = (text: string) => JSON.stringify({ type: "said", channel: "chat/lobby", payload: { text } });

test("what the broker tells goes to those on the channel, and to nobody else", async () => {
  const { hub, recording, member, deliver } = await openHub();
  const [ana, bob, cy] = [member("a"), member("b"), member("c")];
  await hub.join(ana, "chat/lobby");
  await hub.join(bob, "chat/lobby");
  await hub.join(cy, "chat/other");
  deliver({});
  recording.end();
  expect([ana, bob, cy].map(({ socket }) => socket.texts)).toEqual([[event("hi")], [event("hi")], []]);
  expect(recording.counters.framesEncoded).toBe(1);
  expect([...ana.channels]).toEqual(["chat/lobby"]);
});

test("the broker is asked once for the first who joins, and once for the last who leaves", async () => {
  const { hub, link, member } = await openHub();
  const [ana, bob] = [member("a"), member("b")];
  await Promise.all([hub.join(ana, "chat/lobby"), hub.join(bob, "chat/lobby")]);
  expect(hub.channelCount).toBe(1);
  hub.leave(ana, "chat/lobby");
  hub.leave(ana, "chat/lobby");
  expect(link.asked).toEqual(["subscribe chat/lobby"]);
  hub.leave(bob, "chat/lobby");
  expect(link.asked).toEqual(["subscribe chat/lobby", "unsubscribe chat/lobby"]);
  expect(hub.channelCount).toBe(0);
});

test("who leaves hears what came before, and nothing after", async () => {
  const { hub, recording, member, deliver } = await openHub();
  const ana = member("a");
  await hub.join(ana, "chat/lobby");
  deliver({});
  hub.leave(ana, "chat/lobby");
  deliver({ payloadJson: '{"text":"late"}' });
  recording.end();
  expect(ana.socket.texts).toEqual([event("hi")]);
  expect(recording.counters.framesEncoded).toBe(1);
});

test("an event is not for the connection it is excepted from; one of another process excepts nobody", async () => {
  const { hub, recording, member, deliver } = await openHub();
  const [ana, bob] = [member("a"), member("b")];
  for (const each of [ana, bob]) {
    await hub.enter(each);
    await hub.join(each, "chat/lobby");
  }
  deliver({ except: "a" });
  deliver({ except: "of another process", payloadJson: '{"text":"all"}' });
  recording.end();
  expect(ana.socket.texts).toEqual([event("all")]);
  expect(bob.socket.texts).toEqual([event("hi"), event("all")]);
});

test("a publish goes to the broker with the schema's output", async () => {
  const { hub, link, recording } = await openHub();
  await hub.publish(lobby, "said", { text: " hi " }, "c1");
  expect(link.published).toEqual([{ channel: "chat/lobby", type: "said", payloadJson: '{"text":"hi"}', except: "c1" }]);
  expect(recording.counters.eventsPublished).toBe(1);
});

test("a publish that does not fit rejects, and nothing leaves", async () => {
  const { hub, link, recording } = await openHub();
  const misfit = hub.publish(lobby, "said", { text: "too long" }, undefined);
  await expect(misfit).rejects.toThrow(OutgoingPayloadError);
  await expect(misfit).rejects.toThrow('the event "said" of "chat/:room"');
  await expect(misfit).rejects.toMatchObject({ issues: [{ path: ["text"] }] });
  await expect(hub.publish(lobby, "sung", {}, undefined)).rejects.toThrow('no event "sung"');
  await expect(hub.publish(lobby, "toString", {}, undefined)).rejects.toThrow(TypeError);
  expect(link.asked).toEqual([]);
  expect(recording.counters.eventsPublished).toBe(0);
});

test("a publish that the broker does not take rejects", async () => {
  const { hub, link } = await openHub();
  const fail = link.failLater("publish");
  const published = hub.publish(lobby, "said", { text: "hi" }, undefined);
  fail(new Error("away"));
  await expect(published).rejects.toThrow("away");
});

test("a join that the broker refuses is undone, for all who waited for it", async () => {
  const { hub, link, recording, member, deliver } = await openHub();
  const [ana, bob] = [member("a"), member("b")];
  const fail = link.failLater("subscribe");
  const joins = [hub.join(ana, "chat/lobby"), hub.join(bob, "chat/lobby")];
  fail(new Error("away"));
  for (const join of joins) await expect(join).rejects.toThrow("away");
  expect([ana.channels.size, bob.channels.size, hub.channelCount]).toEqual([0, 0, 0]);
  deliver({});
  recording.end();
  expect(ana.socket.writes).toEqual([]);
  await hub.join(ana, "chat/lobby");
  deliver({});
  recording.end();
  expect(ana.socket.texts).toEqual([event("hi")]);
});

test("a join that fails late does not undo a later one", async () => {
  const { hub, link, recording, member, deliver } = await openHub();
  const ana = member("a");
  const fail = link.failLater("subscribe");
  const first = hub.join(ana, "chat/lobby");
  hub.leave(ana, "chat/lobby");
  const second = hub.join(ana, "chat/lobby");
  fail(new Error("away"));
  await expect(first).rejects.toThrow("away");
  await second;
  deliver({});
  recording.end();
  expect([...ana.channels]).toEqual(["chat/lobby"]);
  expect(ana.socket.texts).toEqual([event("hi")]);
});

test("who enters is known, and who exits is off everything when the call returns", async () => {
  const { hub, link, recording, member, deliver } = await openHub();
  const [phone, laptop, guest] = [member("p", "ana"), member("l", "ana"), member("g")];
  for (const each of [phone, laptop, guest]) await hub.enter(each);
  expect([hub.connectionCount, hub.userCount]).toEqual([3, 1]);
  expect([...hub.members.keys()]).toEqual(["p", "l", "g"]);
  await hub.join(phone, "chat/lobby");
  await hub.join(phone, "chat/other");
  deliver({});
  hub.exit(phone);
  hub.exit(phone);
  deliver({});
  recording.end();
  expect(phone.socket.texts).toEqual([event("hi")]);
  expect([phone.channels.size, hub.channelCount, hub.connectionCount, hub.userCount]).toEqual([0, 0, 2, 1]);
  hub.exit(laptop);
  hub.exit(guest);
  expect([hub.connectionCount, hub.userCount]).toEqual([0, 0]);
  expect(link.asked.filter((ask) => /arrive|depart/.test(ask))).toEqual([
    "arrive ana p",
    "arrive ana l",
    "depart ana p",
    "depart ana l",
  ]);
});

test("what fails and nobody waits for is told", async () => {
  const { hub, link, errors, member } = await openHub();
  const ana = member("a", "ana");
  await hub.enter(ana);
  await hub.join(ana, "chat/lobby");
  const [unsubscribe, depart] = [link.failLater("unsubscribe"), link.failLater("depart")];
  hub.exit(ana);
  unsubscribe(new Error("no unsubscribe"));
  depart(new Error("no depart"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([
    [new Error("no unsubscribe"), "unsubscribe"],
    [new Error("no depart"), "depart"],
  ]);
});

test("disconnecting a user closes all connections of that user here, and no others", async () => {
  const { hub, link, member, node } = await openHub();
  const members = [member("1", "ana"), member("2", "ana"), member("3", "bob"), member("4")];
  for (const each of members) await hub.enter(each);
  node.disconnectUser("ana", 1008, "forbidden");
  node.disconnectUser("nobody", 1008, "forbidden");
  expect(members.map(({ closes }) => closes.length)).toEqual([1, 1, 0, 0]);
  expect(members[0]?.closes).toEqual([[1008, "forbidden"]]);
  await hub.disconnectEverywhere("bob", 4003, "banned");
  expect(await hub.isConnected("ana")).toBe(true);
  expect(await hub.countUsers()).toBe(7);
  await hub.close();
  expect(link.asked.slice(-4)).toEqual(["disconnectUser bob 4003 banned", "isConnected ana", "countUsers", "close"]);
});
