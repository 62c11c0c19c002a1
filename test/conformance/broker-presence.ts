import { describe, expect, test } from "vitest";
import type { PresentMember } from "../../src/broker/broker.js";
import { type CreateBroker, connectProcesses, type Process, type Processes } from "./broker.js";

const member = (id: string, face: unknown = { name: id }): PresentMember => ({ id, faceJson: JSON.stringify(face) });
const [ana, ben, cleo] = [member("ana"), member("ben"), member("cleo")];

export function describePresence(create: CreateBroker): void {
  describe("a member", () => describeMember(create));
  describe("the members of a channel", () => describeMembers(create));
  describe("a process that is gone", () => describeClose(create));
}

/** Two processes on a broker, and both hear `chat/a`. */
async function connectListeners(create: CreateBroker): Promise<Processes> {
  const processes = await connectProcesses(create, 2);
  for (const { link } of processes.all) await link.subscribe("chat/a");
  return processes;
}

function describeMember(create: CreateBroker): void {
  test("who comes and goes is told with its face to every process that subscribed, its own included", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    await a.link.attend("chat/a", ana);
    for (const { node } of [a, b]) await node.until(() => node.changes.length === 1);
    await a.link.withdraw("chat/a", "ana");
    for (const { node } of [a, b]) {
      await node.until(() => node.changes.length === 2);
      expect(node.changes).toEqual([
        { channel: "chat/a", joined: [ana], left: [], count: 1 },
        { channel: "chat/a", joined: [], left: [ana], count: 0 },
      ]);
    }
  });

  test("is told to no process that did not subscribe, or does not any more", async () => {
    await using processes = await connectProcesses(create, 3);
    const [a, b, c] = processes.all as [Process, Process, Process];
    for (const { link } of [a, b]) await link.subscribe("chat/a");
    await b.link.unsubscribe("chat/a");
    await b.link.attend("chat/a", ana);
    await c.link.attend("chat/a", ben);
    await c.link.withdraw("chat/a", "ben");
    await a.node.until(() => a.node.changes.length === 3);
    await processes.settle();
    expect([a, b, c].map(({ node }) => node.met("chat/a"))).toEqual([["+ana", "+ben", "-ben"], [], []]);
  });

  test("that a process has already is the same: once withdrawn, it is gone", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    await a.link.attend("chat/a", ana);
    await a.link.attend("chat/a", member("ana", { name: "another face" }));
    expect(await b.link.members("chat/a", 10)).toEqual({ members: [ana], count: 1 });
    await a.link.withdraw("chat/a", "ana");
    await a.link.withdraw("chat/a", "ana");
    await processes.settle();
    expect(b.node.met("chat/a")).toEqual(["+ana", "-ana"]);
  });

  test("at two processes joins with the first and leaves with the last, as it was when it joined", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    await a.link.attend("chat/a", ana);
    await b.link.attend("chat/a", member("ana", { name: "another face" }));
    await a.link.withdraw("chat/a", "ana");
    await processes.settle();
    expect(b.node.met("chat/a")).toEqual(["+ana"]);
    expect(await a.link.members("chat/a", 10)).toEqual({ members: [ana], count: 1 });
    await b.link.withdraw("chat/a", "ana");
    await processes.settle();
    for (const { node } of [a, b]) {
      expect(node.met("chat/a")).toEqual(["+ana", "-ana"]);
      expect(node.changes.filter(({ channel }) => channel === "chat/a")[1]?.left).toEqual([ana]);
    }
  });

  test("that a process does not have can't be withdrawn by it", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    await a.link.withdraw("chat/a", "ana");
    await a.link.attend("chat/a", ana);
    await b.link.withdraw("chat/a", "ana");
    await a.link.withdraw("chat/a", "ben");
    await a.link.withdraw("chat/b", "ana");
    await processes.settle();
    expect(a.node.met("chat/a")).toEqual(["+ana"]);
    expect((await b.link.members("chat/a", 10)).count).toBe(1);
  });

  test("ends as the last call of its process said, though nobody awaited those before", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    const calls = ["attend", "withdraw", "attend", "withdraw", "attend"].map((call) =>
      call === "attend" ? a.link.attend("chat/a", ana) : a.link.withdraw("chat/a", "ana"),
    );
    await Promise.all(calls);
    await b.node.until(() => b.node.changes.length === 5);
    expect(b.node.met("chat/a")).toEqual(["+ana", "-ana", "+ana", "-ana", "+ana"]);
    expect((await b.link.members("chat/a", 10)).members).toEqual([ana]);
  });

  test("comes and goes in one order for all processes", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    const ids = Array.from({ length: 30 }, (_, number) => `m${number}`);
    const calls = [a, b].flatMap(({ link }) =>
      ids.flatMap((id) => [link.attend("chat/a", member(id)), link.withdraw("chat/a", id)]),
    );
    await Promise.all(calls);
    await processes.settle();
    expect(a.node.met("chat/a").length).toBeGreaterThanOrEqual(60);
    expect(b.node.met("chat/a")).toEqual(a.node.met("chat/a"));
    expect((await a.link.members("chat/a", 100)).count).toBe(0);
  });

  test("is on one channel, and on no other whose name is alike", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    for (const channel of ["chat/A", "chat", "chat/a/b", "chat/*"]) await a.link.attend(channel, ana);
    await processes.settle();
    expect(b.node.changes.filter(({ channel }) => !channel.startsWith("fence"))).toEqual([]);
    expect((await b.link.members("chat/a", 10)).count).toBe(0);
  });

  test("has any text as its id, compared exactly, and keeps the text of its face", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    const ids = ["__proto__", "Ana", "ana", "太 郎", "*", "a:b", "{}", ""];
    const faceJson = ' { "n" : 12345678901234567890, "t":"é🎉\\u2028" } ';
    const everybody = ids.map((id) => ({ id, faceJson }));
    for (const each of everybody) await a.link.attend("chat/a", each);
    await b.node.until(() => b.node.met("chat/a").length === ids.length);
    expect(b.node.changes.flatMap(({ joined }) => joined)).toEqual(everybody);
    expect(await b.link.members("chat/a", 100)).toEqual({ members: everybody, count: ids.length });
  });

  test("takes no place in the channel's stream", async () => {
    await using processes = await connectListeners(create);
    const [a] = processes.all as [Process];
    const { epoch, offset } = await a.publish("chat/a", 1);
    await a.link.attend("chat/a", ana);
    await a.link.withdraw("chat/a", "ana");
    expect(await a.publish("chat/a", 2)).toEqual({ epoch, offset: offset + 1 });
  });
}

function describeMembers(create: CreateBroker): void {
  test("are those of all processes, in the order they joined, for any process", async () => {
    await using processes = await connectProcesses(create, 3);
    const [a, b, c] = processes.all as [Process, Process, Process];
    await b.link.attend("chat/a", ben);
    await a.link.attend("chat/a", ana);
    await b.link.attend("chat/a", cleo);
    await a.link.attend("chat/a", ben);
    await b.link.withdraw("chat/a", "ben");
    expect(await c.link.members("chat/a", 10)).toEqual({ members: [ben, ana, cleo], count: 3 });
    await a.link.withdraw("chat/a", "ben");
    await a.link.attend("chat/a", ben);
    expect(await c.link.members("chat/a", 10)).toEqual({ members: [ana, cleo, ben], count: 3 });
  });

  test.each([
    [0, []],
    [2, [ana, ben]],
    [3, [ana, ben, cleo]],
    [4, [ana, ben, cleo]],
  ])("are told up to a limit, such as %d, and counted past it", async (limit, members) => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    for (const each of [ana, ben, cleo]) await a.link.attend("chat/a", each);
    expect(await a.link.members("chat/a", limit)).toEqual({ members, count: 3 });
  });

  test("are nobody where nobody came, and where all have gone: who comes then is new", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    const nobody = { members: [], count: 0 };
    expect(await a.link.members("chat/a", 10)).toEqual(nobody);
    for (const { link } of [a, b]) await link.attend("chat/a", ana);
    for (const { link } of [a, b]) await link.withdraw("chat/a", "ana");
    expect(await a.link.members("chat/a", 10)).toEqual(nobody);
    const older = member("ana", { name: "Ana, a year older" });
    await b.link.attend("chat/a", older);
    expect(await a.link.members("chat/a", 10)).toEqual({ members: [older], count: 1 });
    await processes.settle();
    expect(a.node.met("chat/a")).toEqual(["+ana", "-ana", "+ana"]);
  });

  test("are so when `attend` and `withdraw` have resolved, whoever subscribed", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const ids = async () => (await b.link.members("chat/a", 10)).members.map(({ id }) => id);
    await a.link.attend("chat/a", ana);
    expect(await ids()).toEqual(["ana"]);
    await b.link.subscribe("chat/a");
    await b.link.unsubscribe("chat/a");
    expect(await ids()).toEqual(["ana"]);
    await a.link.withdraw("chat/a", "ana");
    expect(await ids()).toEqual([]);
  });
}

function describeClose(create: CreateBroker): void {
  test("has withdrawn its members on every channel: the others are told of who has left", async () => {
    await using processes = await connectListeners(create);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/b");
    await a.link.attend("chat/a", ana);
    await a.link.attend("chat/a", ben);
    await b.link.attend("chat/a", ben);
    await a.link.attend("chat/b", cleo);
    await a.link.close();
    await b.node.until(() => b.node.met("chat/b").includes("-cleo") && b.node.met("chat/a").includes("-ana"));
    await b.publish("chat/a", "a fence");
    await b.node.until(() => b.node.heard("chat/a").length === 1);
    expect(b.node.met("chat/a")).toEqual(["+ana", "+ben", "-ana"]);
    expect(b.node.changes.flatMap(({ left }) => left)).toEqual(expect.arrayContaining([ana, cleo]));
    expect(await b.link.members("chat/a", 10)).toEqual({ members: [ben], count: 1 });
    expect((await b.link.members("chat/b", 10)).count).toBe(0);
    expect(a.node.met("chat/a")).not.toContain("-ana");
  });

  test("leaves nothing of its members: they may come at another process, as new ones", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.attend("chat/a", ana);
    await a.link.close();
    const again = member("ana", { name: "from elsewhere" });
    await b.link.attend("chat/a", again);
    expect(await b.link.members("chat/a", 10)).toEqual({ members: [again], count: 1 });
    await b.link.withdraw("chat/a", "ana");
    expect((await b.link.members("chat/a", 10)).count).toBe(0);
  });
}
