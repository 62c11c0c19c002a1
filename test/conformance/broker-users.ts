import { describe, expect, test } from "vitest";
import { type CreateBroker, connectProcess, connectProcesses, type Process } from "./broker.js";

export function describeUsers(create: CreateBroker): void {
  describe("users", () => describeWho(create));
  describe("closing a link", () => describeClose(create));
}

function describeWho(create: CreateBroker): void {
  test("are connected while one of their connections is, in any process", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const connected = () => Promise.all([a, b].map(({ link }) => link.isConnected("ana")));
    expect(await connected()).toEqual([false, false]);
    await a.link.arrive("ana", "a1");
    expect(await connected()).toEqual([true, true]);
    await a.link.arrive("ana", "a2");
    await b.link.arrive("ana", "b1");
    await a.link.depart("ana", "a1");
    await a.link.depart("ana", "a2");
    expect(await connected()).toEqual([true, true]);
    await b.link.depart("ana", "b1");
    expect(await connected()).toEqual([false, false]);
  });

  test("are counted once, over all processes", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const count = () => Promise.all([a, b].map(({ link }) => link.countUsers()));
    expect(await count()).toEqual([0, 0]);
    await a.link.arrive("ana", "a1");
    await a.link.arrive("ana", "a2");
    await b.link.arrive("ana", "b1");
    await b.link.arrive("bob", "b2");
    expect(await count()).toEqual([2, 2]);
    await b.link.depart("bob", "b2");
    await b.link.depart("ana", "b1");
    expect(await count()).toEqual([1, 1]);
  });

  test("who depart and were not there, or twice, change nothing", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    await a.link.depart("ana", "a1");
    await a.link.arrive("ana", "a1");
    await a.link.arrive("ana", "a2");
    await a.link.depart("ana", "a1");
    await a.link.depart("ana", "a1");
    await a.link.depart("ana", "of nobody");
    expect(await a.link.isConnected("ana")).toBe(true);
  });

  test("have names of any kind, compared exactly", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const names = ["__proto__", "constructor", "Ana", "太 郎", "*", "a:b", ""];
    for (const name of names) await a.link.arrive(name, `${name}-1`);
    expect(await a.link.countUsers()).toBe(names.length);
    expect(await a.link.isConnected("ana")).toBe(false);
    for (const name of names) expect(await a.link.isConnected(name)).toBe(true);
  });

  test("are disconnected in every process, the one that asks included, whether it knows them or not", async () => {
    await using processes = await connectProcesses(create, 3);
    const [a, b] = processes.all as [Process, Process];
    await b.link.arrive("ana", "b1");
    await a.link.disconnectUser("ana", 4_003, "bänned");
    for (const { node } of processes.all) {
      await node.until(() => node.disconnects.length > 0);
      expect(node.disconnects).toEqual([{ user: "ana", code: 4_003, reason: "bänned" }]);
    }
    expect(await a.link.isConnected("ana")).toBe(true);
  });
}

function describeClose(create: CreateBroker): void {
  test("gives back its channels: it hears nothing more, and the others all", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    for (const { link } of [a, b]) {
      await link.subscribe("chat/a");
      await link.subscribe("chat/b");
    }
    await a.link.close();
    await b.publish("chat/a", "one");
    await b.publish("chat/b", "two");
    await b.link.disconnectUser("ana", 1008, "forbidden");
    await b.node.until(() => b.node.disconnects.length > 0);
    expect(b.node.heard("chat/a")).toEqual(["one"]);
    expect(b.node.heard("chat/b")).toEqual(["two"]);
    expect(a.node.events).toEqual([]);
    expect(a.node.disconnects).toEqual([]);
  });

  test("gives back its users, and leaves those of others", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.arrive("ana", "a1");
    await a.link.arrive("ana", "a2");
    await a.link.arrive("bob", "a3");
    await b.link.arrive("bob", "b1");
    await a.link.close();
    expect(await b.link.isConnected("ana")).toBe(false);
    expect(await b.link.isConnected("bob")).toBe(true);
    expect(await b.link.countUsers()).toBe(1);
  });

  test("may be done twice", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    await a.link.close();
    await a.link.close();
  });

  test("ends nothing: the same broker takes another link", async () => {
    const broker = await create();
    const first = await connectProcess(broker);
    await first.link.subscribe("chat/a");
    await first.link.close();
    const second = await connectProcess(broker);
    await second.link.subscribe("chat/a");
    await second.publish("chat/a", "hi");
    expect(second.node.heard("chat/a")).toEqual(["hi"]);
    expect(first.node.events).toEqual([]);
    await second.link.close();
  });
}
