import { expect, test } from "vitest";
import { z } from "zod";
import { OpenedHub } from "../../test/support/opened-hub.js";
import { RecordingLink } from "../../test/support/recording-link.js";
import type { BrokerEvent, Revocation } from "../broker/broker.js";
import { channel } from "../declare/channel.js";
import type { Authenticated } from "../declare/credential.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Listener } from "./channels.js";
import { OutgoingPayloadError } from "./outgoing.js";

const chat = channel("chat/:room", { events: { said: z.object({ text: z.string().trim().max(5) }) } });
const lobby = chat({ room: "lobby" });
const other = chat({ room: "other" });

async function openHub({ told = [] as readonly Revocation[], maxRevocations = 10 } = {}) {
  const forgotten: number[] = [];
  const opened = await OpenedHub.open(
    (node) => {
      for (const revocation of told) node.revoke(revocation);
      return new RecordingLink();
    },
    { maxRevocations, onForgotten: (count) => forgotten.push(count) },
  );
  const { hub, link, node, recording, errors } = opened;
  const member = (id: string, user?: string, papers?: readonly Authenticated[]) => opened.member(id, { user, papers });
  const deliver = (event?: Partial<BrokerEvent>) => opened.deliver(event);
  return { hub, channels: hub.channels, link, node, recording, errors, forgotten, member, deliver };
}

/** How the server joins somebody who is not told so. */
const quietly = { isOwn: false };
const namesOf = ({ memberships }: Listener) => [...(memberships?.keys() ?? [])];

const event = (text: string) => JSON.stringify({ type: "said", channel: "chat/lobby", payload: { text } });

test("what the broker tells goes to those on the channel, and to nobody else", async () => {
  const { channels, recording, member, deliver } = await openHub();
  const [ana, bob, cy] = [member("a"), member("b"), member("c")];
  await channels.join(ana, lobby, quietly);
  await channels.join(bob, lobby, quietly);
  await channels.join(cy, other, quietly);
  deliver();
  recording.end();
  expect([ana, bob, cy].map(({ socket }) => socket.texts)).toEqual([[event("hi")], [event("hi")], []]);
  expect(recording.counters.framesEncoded).toBe(1);
  expect(namesOf(ana)).toEqual(["chat/lobby"]);
});

test("the broker is asked once for the first who joins, and once for the last who leaves", async () => {
  const { channels, link, member } = await openHub();
  const [ana, bob] = [member("a"), member("b")];
  await Promise.all([channels.join(ana, lobby, quietly), channels.join(bob, lobby, quietly)]);
  expect(channels.count).toBe(1);
  channels.leave(ana, "chat/lobby");
  channels.leave(ana, "chat/lobby");
  expect(link.asked).toEqual(["subscribe chat/lobby"]);
  channels.leave(bob, "chat/lobby");
  expect(link.asked).toEqual(["subscribe chat/lobby", "unsubscribe chat/lobby"]);
  expect(channels.count).toBe(0);
});

test("who leaves hears what came before, and nothing after", async () => {
  const { channels, recording, member, deliver } = await openHub();
  const ana = member("a");
  await channels.join(ana, lobby, quietly);
  deliver();
  channels.leave(ana, "chat/lobby");
  deliver({ payloadJson: '{"text":"late"}' });
  recording.end();
  expect(ana.socket.texts).toEqual([event("hi")]);
  expect(recording.counters.framesEncoded).toBe(1);
});

test("an event is not for the connection it is excepted from; one of another process excepts nobody", async () => {
  const { hub, channels, recording, member, deliver } = await openHub();
  const [ana, bob] = [member("a"), member("b")];
  for (const each of [ana, bob]) {
    await hub.enter(each);
    await channels.join(each, lobby, quietly);
  }
  deliver({ except: "a" });
  deliver({ except: "of another process", payloadJson: '{"text":"all"}' });
  recording.end();
  expect(ana.socket.texts).toEqual([event("all")]);
  expect(bob.socket.texts).toEqual([event("hi"), event("all")]);
});

test("a publish goes to the broker with the schema's output", async () => {
  const { channels, link, recording } = await openHub();
  await channels.publish(lobby, { type: "said", payload: { text: " hi " } }, { except: "c1" });
  expect(link.published).toEqual([{ channel: "chat/lobby", type: "said", payloadJson: '{"text":"hi"}', except: "c1" }]);
  expect(recording.counters.eventsPublished).toBe(1);
});

test("a publish that does not fit rejects, and nothing leaves", async () => {
  const { channels, link, recording } = await openHub();
  const misfit = channels.publish(lobby, { type: "said", payload: { text: "too long" } }, {});
  await expect(misfit).rejects.toThrow(OutgoingPayloadError);
  await expect(misfit).rejects.toThrow('the event "said" of "chat/:room"');
  await expect(misfit).rejects.toMatchObject({ issues: [{ path: ["text"] }] });
  await expect(channels.publish(lobby, { type: "sung", payload: {} }, {})).rejects.toThrow('no event "sung"');
  await expect(channels.publish(lobby, { type: "toString", payload: {} }, {})).rejects.toThrow(TypeError);
  expect(link.asked).toEqual([]);
  expect(recording.counters.eventsPublished).toBe(0);
});

test("a publish that the broker does not take rejects", async () => {
  const { channels, link } = await openHub();
  const fail = link.failLater("publish");
  const published = channels.publish(lobby, { type: "said", payload: { text: "hi" } }, {});
  fail(new Error("away"));
  await expect(published).rejects.toThrow("away");
});

test("a join that the broker refuses is undone, for all who waited for it", async () => {
  const { channels, link, recording, member, deliver } = await openHub();
  const [ana, bob] = [member("a"), member("b")];
  const fail = link.failLater("subscribe");
  const joins = [channels.join(ana, lobby, quietly), channels.join(bob, lobby, quietly)];
  fail(new Error("away"));
  for (const join of joins) await expect(join).rejects.toThrow("away");
  expect([namesOf(ana).length, namesOf(bob).length, channels.count]).toEqual([0, 0, 0]);
  deliver({ offset: 1 });
  recording.end();
  expect(ana.socket.writes).toEqual([]);
  await channels.join(ana, lobby, quietly);
  deliver({ offset: 1 });
  recording.end();
  expect(ana.socket.texts).toEqual([event("hi")]);
});

test("a join that fails late does not undo a later one", async () => {
  const { channels, link, recording, member, deliver } = await openHub();
  const ana = member("a");
  const fail = link.failLater("subscribe");
  const first = channels.join(ana, lobby, quietly);
  channels.leave(ana, "chat/lobby");
  const second = channels.join(ana, lobby, quietly);
  fail(new Error("away"));
  await expect(first).rejects.toThrow("away");
  await second;
  deliver();
  recording.end();
  expect(namesOf(ana)).toEqual(["chat/lobby"]);
  expect(ana.socket.texts).toEqual([event("hi")]);
});

test("who enters is known, and who exits is off everything when the call returns", async () => {
  const { hub, channels, link, recording, member, deliver } = await openHub();
  const [phone, laptop, guest] = [member("p", "ana"), member("l", "ana"), member("g")];
  for (const each of [phone, laptop, guest]) await hub.enter(each);
  expect([hub.connectionCount, hub.userCount]).toEqual([3, 1]);
  expect([...hub.members.keys()]).toEqual(["p", "l", "g"]);
  await channels.join(phone, lobby, quietly);
  await channels.join(phone, other, quietly);
  deliver();
  hub.exit(phone);
  hub.exit(phone);
  deliver();
  recording.end();
  expect(phone.socket.texts).toEqual([event("hi")]);
  expect([namesOf(phone).length, channels.count, hub.connectionCount, hub.userCount]).toEqual([0, 0, 2, 1]);
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
  const { hub, channels, link, errors, member } = await openHub();
  const ana = member("a", "ana");
  await hub.enter(ana);
  await channels.join(ana, lobby, quietly);
  const [unsubscribe, depart] = [link.failLater("unsubscribe"), link.failLater("depart")];
  hub.exit(ana);
  unsubscribe(new Error("no unsubscribe"));
  depart(new Error("no depart"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([
    ["unsubscribe", "Error: no unsubscribe"],
    ["depart", "Error: no depart"],
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
  expect(errors).toEqual([["depart", "Error: away"]]);
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

test("a user's messages are counted by user and by scope: at once where the broker knows at once", async () => {
  const { hub, link } = await openHub();
  const limit = { count: 3, windowMs: 1_000 };
  expect(await hub.countMessage("ana", "/ws", limit, NOW_MS)).toBe(0);
  expect(link.asked).toEqual(["countInWindow ana /ws"]);
  link.countInWindow = () => 250;
  expect(hub.countMessage("ana", "/ws", limit, NOW_MS)).toBe(250);
});

test("connections are counted over all processes by the broker, which is told those of this one", async () => {
  const { hub, member, node } = await openHub();
  expect(node.connectionCount).toBe(0);
  for (const each of [member("1", "ana"), member("2")]) await hub.enter(each);
  expect(node.connectionCount).toBe(2);
  expect(await hub.countConnections()).toBe(9);
});

test("that the broker goes away is told also while it connects", async () => {
  const told: unknown[] = [];
  const { node } = await OpenedHub.open(
    (connecting) => {
      expect(connecting.connectionCount).toBe(0);
      connecting.away("refused");
      return new RecordingLink();
    },
    { onAway: (reason) => told.push(reason), onBack: () => told.push("back") },
  );
  node.back();
  expect(told).toEqual(["refused", "back"]);
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

/** Its issuer's clock is 20 s fast. */
const earlyPaper = (more: Partial<Authenticated> = {}): Authenticated => ({
  user: { id: "ana" },
  issuedAtMs: NOW_MS + 15_000,
  seenAtMs: NOW_MS - 5_000,
  expiresAtMs: NOW_MS + 60_000,
  ...more,
});

test("what says that it was issued after the revocation, and was seen before, is expelled, and revoked by its own name", async () => {
  const { hub, link, member, node } = await openHub();
  const said: Revocation[] = [];
  link.revoke = async (revocation) => {
    said.push(revocation);
    node.revoke(revocation);
  };
  const [named, nameless] = [earlyPaper({ tokenId: "t1" }), earlyPaper()];
  const [ofBob, fresh] = [
    earlyPaper({ user: { id: "bob" } }),
    earlyPaper({ issuedAtMs: NOW_MS + 20_000, seenAtMs: NOW_MS + 1 }),
  ];
  const members = [member("1", "ana", [named]), member("2", "bob", [ofBob]), member("3", "ana", [fresh])];
  for (const paper of [named, nameless, ofBob]) hub.saw(paper);
  for (const each of members) await hub.enter(each);
  await hub.revokeEverywhere({ user: "ana" }, NOW_MS);
  hub.saw(fresh);
  expect(members.map(({ expelled }) => expelled)).toEqual([2, 0, 0]);
  const untilMs = NOW_MS + 60_000;
  const nameOfNameless = `issued ${NOW_MS + 15_000} until ${untilMs} to ana`;
  expect(said).toEqual([
    { user: "ana", revokedAtMs: NOW_MS, untilMs: undefined },
    { tokenId: "t1", revokedAtMs: NOW_MS, untilMs },
    { tokenId: nameOfNameless, revokedAtMs: NOW_MS, untilMs },
  ]);
  // Shown again, now and when it is as late as it says.
  for (const nowMs of [NOW_MS + 1, NOW_MS + 15_001]) {
    const isRevoked = [named, nameless, ofBob, fresh].map((paper) => hub.isRevoked(paper, paper.user, nowMs));
    expect(isRevoked).toEqual([true, true, false, false]);
  }
});

test("so it is where its user goes by another name here than the one it was issued to, gone or there", async () => {
  const { hub, link, member, node } = await openHub();
  link.revoke = async (revocation) => node.revoke(revocation);
  const [here, gone] = [
    earlyPaper({ user: { id: "auth0|7" }, tokenId: "t1" }),
    earlyPaper({ user: { id: "auth0|8" }, tokenId: "t2" }),
  ];
  const ana = member("1", "ana", [here]);
  await hub.enter(ana);
  hub.saw(gone, { id: "ana" });
  await hub.revokeEverywhere({ user: "ana" }, NOW_MS);
  expect(ana.expelled).toBeGreaterThan(0);
  for (const paper of [here, gone]) expect(hub.isRevoked(paper, { id: "ana" }, NOW_MS + 1)).toBe(true);
});

test("what is seen when its user has just been revoked, and was shown before, is revoked by its own name", async () => {
  const { hub, node } = await openHub();
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  const [before, after] = [earlyPaper({ tokenId: "t1" }), earlyPaper({ tokenId: "t2", seenAtMs: NOW_MS + 1 })];
  for (const paper of [before, after]) hub.saw(paper);
  const isRevoked = [before, after].map((paper) => hub.isRevoked(paper, paper.user, NOW_MS + 2));
  expect(isRevoked).toEqual([true, false]);
});

test("what was truly issued after a revocation that is told late stays good, though who has it is expelled for another", async () => {
  const { hub, link, member, node } = await openHub();
  const said: Revocation[] = [];
  link.revoke = async (revocation) => void said.push(revocation);
  const [old, fresh] = [
    { user: { id: "ana" }, tokenId: "old", issuedAtMs: NOW_MS - 5_000 },
    { user: { id: "ana" }, tokenId: "fresh", issuedAtMs: NOW_MS + 5_000 },
  ];
  const ana = member("1", "ana", [old, fresh]);
  await hub.enter(ana);
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  expect([ana.expelled, said]).toEqual([1, []]);
  const isRevoked = [old, fresh].map((paper) => hub.isRevoked(paper, { id: "ana" }, NOW_MS + 6_000));
  expect(isRevoked).toEqual([true, false]);
});

test("who came in elsewhere with what has no name is expelled when others tell what it is called", async () => {
  const { hub, member, node } = await openHub();
  const [ana, ben] = [
    member("1", "ana", [earlyPaper({ seenAtMs: NOW_MS + 1 })]),
    member("2", "ben", [earlyPaper({ user: { id: "ben" } })]),
  ];
  for (const each of [ana, ben]) await hub.enter(each);
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  expect([ana.expelled, ben.expelled]).toEqual([0, 0]);
  node.revoke({
    tokenId: `issued ${NOW_MS + 15_000} until ${NOW_MS + 60_000} to ana`,
    revokedAtMs: NOW_MS,
    untilMs: NOW_MS + 60_000,
  });
  expect([ana.expelled, ben.expelled]).toEqual([1, 0]);
});

test("a revocation that the broker can't be told of is told to us", async () => {
  const { hub, link, member, errors, node } = await openHub();
  await hub.enter(member("1", "ana", [{ user: { id: "ana" }, tokenId: "s1" }]));
  const fail = link.failLater("revoke");
  node.revoke({ user: "ana", revokedAtMs: NOW_MS, untilMs: undefined });
  fail(new Error("away"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([["revoke", expect.stringContaining("other processes were not told")]]);
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

test("a notice goes to those who listen to its topic, in every process, and one that throws keeps it from nobody", async () => {
  const { hub, link, node, errors } = await openHub();
  const heard: string[] = [];
  hub.onNotice("cancel", () => {
    throw new Error("broken");
  });
  const forget = hub.onNotice("cancel", (json) => heard.push(json));
  hub.onNotice("other", (json) => heard.push(`other ${json}`));
  await hub.notifyEverywhere("cancel", '{"task":"t1"}');
  expect(link.asked).toEqual(['notify cancel {"task":"t1"}']);
  node.notified("cancel", '{"task":"t1"}');
  node.notified("nobody's", "1");
  expect(heard).toEqual(['{"task":"t1"}']);
  expect(errors).toEqual([["cancel", "Error: broken"]]);
  forget();
  node.notified("cancel", "2");
  expect(heard).toHaveLength(1);
});
