import { expect, test } from "vitest";
import { z } from "zod";
import { RecordingLink } from "../../test/support/recording-link.js";
import { type Opened, RecordingTurn } from "../../test/support/recording-turn.js";
import type { BrokerEvent, BrokerNode, Revocation } from "../broker/broker.js";
import { channel } from "../declare/channel.js";
import type { Authenticated } from "../declare/credential.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { Hub, type Member } from "./hub.js";
import { OutgoingPayloadError } from "./outgoing.js";

const chat = channel("chat/:room", { events: { said: z.object({ text: z.string().trim().max(5) }) } });
const lobby = chat({ room: "lobby" });

interface TestMember extends Member, Pick<Opened, "socket"> {
  readonly closes: [number, string][];
  papers: readonly Authenticated[];
  /** How often it was expelled. */
  expelled: number;
}

async function openHub({ maxRevocations = 10, told = [] as readonly Revocation[] } = {}) {
  const recording = new RecordingTurn();
  const link = new RecordingLink();
  const errors: [unknown, string][] = [];
  const forgotten: number[] = [];
  let node: BrokerNode | undefined;
  const hub = await Hub.open(
    async (given) => {
      node = given;
      for (const revocation of told) given.revoke(revocation);
      return link;
    },
    {
      turn: recording.turn,
      counters: recording.counters,
      onError: (error, during) => errors.push([error, during]),
      maxRevocations,
      onForgotten: (revocations) => forgotten.push(revocations),
    },
  );
  const member = (id: string, user?: string, papers: readonly Authenticated[] = []): TestMember => {
    const closes: [number, string][] = [];
    const close = (code: number, reason: string) => closes.push([code, reason]);
    return {
      id,
      user: user === undefined ? undefined : { id: user },
      ...recording.open(),
      channels: new Set(),
      closes,
      close,
      papers,
      expelled: 0,
      expel() {
        this.expelled += 1;
      },
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
  return { hub, link, recording, errors, forgotten, member, deliver, node: node as BrokerNode };
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

test("a place is reserved with the broker before a connection opens, and given back when it does not", async () => {
  const { hub, link, errors } = await openHub();
  await hub.reserve("ana", "p", 5);
  hub.release("ana", "p");
  expect(link.asked).toEqual(["reserve ana p 5", "depart ana p"]);
  const fail = link.failLater("depart");
  hub.release("ana", "p");
  fail(new Error("away"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([[new Error("away"), "depart"]]);
});

test("a place that the broker does not give is too many connections; that it is away is told", async () => {
  const { hub, link } = await openHub();
  link.reserve = async () => false;
  await expect(hub.reserve("ana", "p", 5)).rejects.toMatchObject({
    name: "TidingsError",
    code: "too_many_connections",
  });
  link.reserve = () => Promise.reject(new TidingsError("unavailable"));
  await expect(hub.reserve("ana", "p", 5)).rejects.toMatchObject({ code: "unavailable" });
});

test("a user's messages are counted by user and by scope, which no name can mix up", async () => {
  const { hub, link } = await openHub();
  const limit = { count: 3, windowMs: 1_000 };
  expect(await hub.countMessage("ana", "/ws", limit, NOW_MS)).toBe(0);
  link.countInWindow = async (key) => Number(key === '["","a\\",\\"b"]') * 250;
  expect(await hub.countMessage('a","b', "", limit, NOW_MS)).toBe(250);
  expect(link.asked).toEqual(['countInWindow ["/ws","ana"]']);
});

const NOW_MS = 1_000_000;
const anaPaper = { user: { id: "ana" }, tokenId: "t1", issuedAtMs: NOW_MS - 10, expiresAtMs: NOW_MS + 5_000 };

test("what is revoked is said to the broker, with the time until which one of ours would hold", async () => {
  const { hub, link, member } = await openHub({ maxRevocations: 7 });
  await hub.enter(member("a", "ana", [anaPaper]));
  link.asked.length = 0;
  await hub.revokeEverywhere({ user: "ana" }, NOW_MS);
  await hub.revokeEverywhere({ tokenId: "t1" }, NOW_MS);
  await hub.revokeEverywhere({ tokenId: "nobody's" }, NOW_MS);
  const saidWith = link.asked.map((ask) => JSON.parse(ask.replace("revoke ", "")));
  expect(saidWith).toEqual([
    { user: "ana", revokedAtMs: NOW_MS },
    { tokenId: "t1", revokedAtMs: NOW_MS, untilMs: NOW_MS + 5_000 },
    { tokenId: "nobody's", revokedAtMs: NOW_MS },
  ]);
});

test("a revocation expels whoever came in with that credential, and nobody else", async () => {
  const { hub, member, node } = await openHub();
  const members = [
    member("1", "ana", [anaPaper]),
    member("2", "ana", [{ ...anaPaper, tokenId: "t2" }]),
    member("3", "bob", [{ user: { id: "bob" }, tokenId: "t3", issuedAtMs: NOW_MS }]),
    // Bob acts with one of ana's.
    member("4", "bob", [
      { user: { id: "bob" }, issuedAtMs: NOW_MS },
      { ...anaPaper, tokenId: "t4" },
    ]),
    member("5", undefined, [{ ...anaPaper, tokenId: "t5" }]),
    member("6"),
  ];
  for (const each of members) await hub.enter(each);
  node.revoke({ tokenId: "t1", revokedAtMs: NOW_MS, untilMs: undefined });
  expect(members.map(({ expelled }) => expelled)).toEqual([1, 0, 0, 0, 0, 0]);
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  expect(members.map(({ expelled }) => expelled)).toEqual([2, 1, 0, 1, 1, 0]);
});

test("all that came in for a user is expelled, by whomever its credential was issued to", async () => {
  const { hub, member, node } = await openHub();
  const ana = member("1", "ana", [{ user: { id: "service" }, issuedAtMs: NOW_MS }]);
  await hub.enter(ana);
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  expect(ana.expelled).toBe(1);
});

test("what was revoked is refused: of a user what was issued until then, of a token that one, until it expires", async () => {
  const { hub, node } = await openHub();
  const isRevoked = (paper: Partial<Authenticated>, user = "ana", nowMs = NOW_MS) =>
    hub.isRevoked({ user: { id: "ana" }, ...paper }, { id: user }, nowMs);
  expect(isRevoked(anaPaper)).toBe(false);
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  expect(isRevoked({ issuedAtMs: NOW_MS })).toBe(true);
  expect(isRevoked({ issuedAtMs: NOW_MS + 1 })).toBe(false);
  // Ana's credential in the hand of somebody else, and somebody else's in hers.
  expect(isRevoked({ issuedAtMs: NOW_MS }, "bob")).toBe(true);
  expect(isRevoked({ user: { id: "service" }, issuedAtMs: NOW_MS })).toBe(true);
  expect(isRevoked({ user: { id: "bob" }, issuedAtMs: NOW_MS }, "bob")).toBe(false);
  expect(hub.isRevoked({ user: { id: "ana" }, issuedAtMs: NOW_MS }, undefined, NOW_MS)).toBe(true);
  node.revoke({ tokenId: "t9", revokedAtMs: NOW_MS, untilMs: NOW_MS + 100 });
  const later = { tokenId: "t9", issuedAtMs: NOW_MS + 50 };
  expect(isRevoked(later, "ana", NOW_MS + 99)).toBe(true);
  expect(isRevoked(later, "ana", NOW_MS + 100)).toBe(false);
});

test("what does not say when it was issued is revoked by its own name too, in every process, and for good: its store may extend it", async () => {
  const { hub, link, member, node } = await openHub();
  const said: Revocation[] = [];
  // As a broker does: it tells every process, also the one that asked.
  link.revoke = async (revocation) => {
    said.push(revocation);
    node.revoke(revocation);
  };
  const ana = member("1", "ana", [{ user: { id: "ana" }, tokenId: "s1" }]);
  const other = member("2", "ana", [{ user: { id: "ana" }, tokenId: "s2", expiresAtMs: NOW_MS + 50 }]);
  const dated = member("3", "ana", [anaPaper]);
  for (const each of [ana, other, dated]) await hub.enter(each);
  for (const each of [ana, other, dated]) {
    each.expel = () => {
      each.expelled += 1;
      hub.exit(each);
    };
  }
  await hub.revokeEverywhere({ user: "ana" }, NOW_MS);
  expect([ana, other, dated].map(({ expelled }) => expelled)).toEqual([1, 1, 1]);
  expect(said).toEqual([
    { user: "ana", revokedAtMs: NOW_MS, untilMs: undefined },
    { tokenId: "s1", revokedAtMs: NOW_MS, untilMs: undefined },
    { tokenId: "s2", revokedAtMs: NOW_MS, untilMs: undefined },
  ]);
  const isRevoked = (tokenId: string, nowMs: number) =>
    hub.isRevoked({ user: { id: "ana" }, tokenId }, { id: "ana" }, nowMs);
  expect([isRevoked("s1", NOW_MS), isRevoked("s2", NOW_MS), isRevoked("s3", NOW_MS)]).toEqual([true, true, false]);
  expect([isRevoked("s1", NOW_MS + 50), isRevoked("s2", NOW_MS + 50)]).toEqual([true, true]);
});

test("a revocation that the broker can't be told of is told to us", async () => {
  const { hub, link, member, errors, node } = await openHub();
  await hub.enter(member("1", "ana", [{ user: { id: "ana" }, tokenId: "s1" }]));
  const fail = link.failLater("revoke");
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  fail(new Error("away"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([[new Error("away"), "revoke"]]);
});

test("what was revoked before it connected is known too, and the oldest is forgotten where there are too many", async () => {
  const told = ["t1", "t2", "t3"].map((tokenId) => ({ tokenId, revokedAtMs: NOW_MS, untilMs: undefined }));
  const { hub, forgotten } = await openHub({ maxRevocations: 2, told });
  const revoked = ["t1", "t2", "t3"].map((tokenId) =>
    hub.isRevoked({ user: { id: "ana" }, tokenId }, undefined, NOW_MS),
  );
  expect(revoked).toEqual([false, true, true]);
  expect(forgotten).toEqual([1]);
});
