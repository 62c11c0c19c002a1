import { describe, expect, test } from "vitest";
import { type CreateBroker, connectProcess, connectProcesses, type Process, untilAnswer } from "./broker.js";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

export function describeUsers(create: CreateBroker): void {
  describe("users", () => describeWho(create));
  describe("a place of a user", () => describePlaces(create));
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

  test("and connections nobody is known behind are counted over all processes, those of one that is gone no more", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const areAll = async (count: number) => {
      for (const { link } of [a, b])
        await untilAnswer(
          () => link.countConnections(),
          (answer) => answer === count,
        );
    };
    await areAll(0);
    a.node.connectionCount = 3;
    b.node.connectionCount = 4;
    await areAll(7);
    a.node.connectionCount = 1;
    await areAll(5);
    await a.link.close();
    await untilAnswer(
      () => b.link.countConnections(),
      (answer) => answer === 4,
    );
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

function describePlaces(create: CreateBroker): void {
  test("is reserved while there are fewer than the limit in all processes, reserved or open", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    expect(await a.link.reserve("ana", "a1", 3)).toBe(true);
    expect(await b.link.reserve("ana", "b1", 3)).toBe(true);
    await b.link.arrive("ana", "b1");
    expect(await a.link.reserve("ana", "a2", 3)).toBe(true);
    expect(await a.link.reserve("ana", "a3", 3)).toBe(false);
    expect(await b.link.reserve("ana", "b2", 3)).toBe(false);
    expect(await b.link.reserve("bob", "b2", 3)).toBe(true);
    expect(await b.link.reserve("ana", "b3", 4)).toBe(true);
  });

  test("is given once, also to those who ask at the same time", async () => {
    await using processes = await connectProcesses(create, 3);
    const asked = numbers(30).map((number) => {
      const process = processes.all[number % 3] as Process; // one of the three
      return process.link.reserve("ana", `c${number}`, 7);
    });
    expect((await Promise.all(asked)).filter((isReserved) => isReserved)).toHaveLength(7);
  });

  test("that was refused takes none, and leaving without it frees none", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.reserve("ana", "a1", 1);
    expect(await b.link.reserve("ana", "b1", 1)).toBe(false);
    await b.link.depart("ana", "b1");
    await b.link.depart("ana", "a1");
    expect(await b.link.reserve("ana", "b2", 1)).toBe(false);
    await a.link.depart("ana", "a1");
    expect(await b.link.reserve("ana", "b2", 1)).toBe(true);
  });

  test.each(["reserved", "open"])("is free again when its connection departs (%s)", async (state) => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.reserve("ana", "a1", 1);
    if (state === "open") await a.link.arrive("ana", "a1");
    await a.link.depart("ana", "a1");
    await a.link.depart("ana", "a1");
    expect(await b.link.reserve("ana", "b1", 1)).toBe(true);
    expect(await a.link.reserve("ana", "a2", 1)).toBe(false);
  });

  test("that is only reserved is no connection yet", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const seen = async () => [await b.link.isConnected("ana"), await b.link.countUsers()];
    await a.link.reserve("ana", "a1", 5);
    expect(await seen()).toEqual([false, 0]);
    await a.link.arrive("ana", "a1");
    expect(await seen()).toEqual([true, 1]);
    await a.link.reserve("ana", "a2", 5);
    await a.link.depart("ana", "a1");
    expect(await seen()).toEqual([false, 0]);
    await a.link.depart("ana", "a2");
    expect(await seen()).toEqual([false, 0]);
  });

  test("counts, too, for one who arrives without having asked, and once for who arrives twice", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.arrive("ana", "a1");
    await a.link.arrive("ana", "a1");
    expect(await b.link.isConnected("ana")).toBe(true);
    expect(await b.link.reserve("ana", "b1", 1)).toBe(false);
    expect(await b.link.reserve("ana", "b1", 2)).toBe(true);
    await a.link.depart("ana", "a1");
    expect(await b.link.isConnected("ana")).toBe(false);
  });

  test("is given back by a process that is gone, reserved or open", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.reserve("ana", "a1", 2);
    await a.link.arrive("ana", "a1");
    await a.link.reserve("ana", "a2", 2);
    expect(await b.link.reserve("ana", "b1", 2)).toBe(false);
    await a.link.close();
    expect(await b.link.reserve("ana", "b1", 2)).toBe(true);
    expect(await b.link.reserve("ana", "b2", 2)).toBe(true);
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
