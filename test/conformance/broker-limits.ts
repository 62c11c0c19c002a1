import { describe, expect, test } from "vitest";
import type { Revocation } from "../../src/broker/broker.js";
import type { RateLimit } from "../../src/protocol/limits.js";
import { Random } from "../../src/testing/random.js";
import { type CreateBroker, connectProcess, connectProcesses, type Process, untilAnswer } from "./broker.js";

export function describeLimits(create: CreateBroker): void {
  describe("what is revoked", () => describeRevoke(create));
  describe("a window", () => describeWindows(create));
}

/** A time far from any clock's: what is revoked holds for ever, or for very long. */
const farMs = 32_503_680_000_000;
const ofUser = (user: string, untilMs: number | undefined = farMs): Revocation => ({
  user,
  revokedAtMs: 5_000,
  untilMs,
});
const ofToken = (tokenId: string): Revocation => ({ tokenId, revokedAtMs: 6_000, untilMs: farMs });

function describeRevoke(create: CreateBroker): void {
  test("is told to every process, the one that asks included, before it resolves there", async () => {
    await using processes = await connectProcesses(create, 3);
    const [a] = processes.all as [Process];
    const told = [ofUser("änä"), ofToken("token-1")];
    for (const revocation of told) await a.link.revoke(revocation, 10);
    expect(a.node.revocations).toEqual(told);
    for (const { node } of processes.all) {
      await node.until(() => node.revocations.length === 2);
      expect(node.revocations).toEqual(told);
    }
  });

  test("is told to a process that connects later, before it may ask for anything", async () => {
    const broker = await create();
    const first = await connectProcess(broker);
    const told = [ofToken("token-1"), ofUser("ana"), ofUser("bob")];
    for (const revocation of told) await first.link.revoke(revocation, 10);
    const second = await connectProcess(broker);
    expect(second.node.revocations).toEqual(told);
    await second.link.close();
    await first.link.close();
  });

  test("outlives the process that asked for it", async () => {
    const broker = await create();
    const first = await connectProcess(broker);
    await first.link.revoke(ofUser("ana"), 10);
    await first.link.close();
    const second = await connectProcess(broker);
    expect(second.node.revocations).toEqual([ofUser("ana")]);
    await second.link.close();
  });

  test("is kept for those who come later up to the limit: the oldest is forgotten", async () => {
    const broker = await create();
    const first = await connectProcess(broker);
    const users = ["ana", "bob", "eve", "joe"];
    for (const user of users) await first.link.revoke(ofUser(user), 2);
    expect(first.node.revocations).toEqual(users.map((user) => ofUser(user)));
    const second = await connectProcess(broker);
    expect(second.node.revocations).toEqual([ofUser("eve"), ofUser("joe")]);
    await second.link.close();
    await first.link.close();
  });

  test("may hold until nobody knows when", async () => {
    const broker = await create();
    const first = await connectProcess(broker);
    const revocation: Revocation = { user: "ana", revokedAtMs: 5_000, untilMs: undefined };
    await first.link.revoke(revocation, 10);
    const second = await connectProcess(broker);
    for (const { node } of [first, second]) expect(node.revocations).toEqual([revocation]);
    await second.link.close();
    await first.link.close();
  });

  test("is not told to a process that is gone", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    await a.link.close();
    await b.link.revoke(ofUser("ana"), 10);
    expect(b.node.revocations).toHaveLength(1);
    expect(a.node.revocations).toEqual([]);
  });
}

/** So long that a broker with a clock of its own sees no end of it within a test. */
const hourMs = 3_600_000;

/** How one says something: 0 where it passes, otherwise how long to wait. */
async function say({ link }: Process, limit: RateLimit, user = "ana", scope = "chat"): Promise<number> {
  return link.countInWindow(user, scope, limit, Date.now());
}

/** Says as much as passes, up to so much. What is its share may take its time to get there. */
async function sayMany(process: Process, count: number, limit: RateLimit): Promise<void> {
  let passed = 0;
  await untilAnswer(
    () => say(process, limit),
    (waitMs) => {
      if (waitMs === 0) passed += 1;
      return passed === count;
    },
  );
}

async function expectNoMore(processes: readonly Process[], limit: RateLimit): Promise<void> {
  for (const _ of numbers(10)) {
    for (const process of processes) expect(await say(process, limit)).toBeGreaterThan(0);
  }
}

function describeWindows(create: CreateBroker): void {
  test("lets a process with all of the user's connections pass all of it, and then tells how long to wait", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const limit = { count: 2, windowMs: hourMs };
    await a.link.arrive("ana", "a1");
    await sayMany(a, 2, limit);
    await expectNoMore([a], limit);
    // Who was refused does not count: that would put it off again and again.
    const waitMs = await untilAnswer(
      () => say(a, limit),
      (each) => each > hourMs / 2,
    );
    expect(waitMs).toBeLessThanOrEqual(hourMs);
  });

  test.each([
    [10, 1, 1, 5, 5],
    [8, 3, 1, 6, 2],
    [2, 1, 1, 1, 1],
  ])(
    "of %d, where processes have %d and %d of the user's connections, lets them pass %d and %d, and no more",
    async (count, ofA, ofB, shareOfA, shareOfB) => {
      await using processes = await connectProcesses(create, 2);
      const [a, b] = processes.all as [Process, Process];
      const limit = { count, windowMs: hourMs };
      for (const number of numbers(ofA)) await a.link.arrive("ana", `a${number}`);
      for (const number of numbers(ofB)) await b.link.arrive("ana", `b${number}`);
      await sayMany(a, shareOfA, limit);
      await sayMany(b, shareOfB, limit);
      await expectNoMore([a, b], limit);
    },
  );

  test("counts what passed also when the user's connections have moved to another process", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const limit = { count: 4, windowMs: hourMs };
    await a.link.arrive("ana", "a1");
    await sayMany(a, 3, limit);
    await a.link.depart("ana", "a1");
    await b.link.arrive("ana", "b1");
    await sayMany(b, 1, limit);
    await expectNoMore([a, b], limit);
  });

  test("is still there when the process that counted is gone", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const limit = { count: 1, windowMs: hourMs };
    await a.link.arrive("ana", "a1");
    await sayMany(a, 1, limit);
    await a.link.close();
    await b.link.arrive("ana", "b1");
    await expectNoMore([b], limit);
  });

  test("counts also where a process has no connection of the user", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const limit = { count: 4, windowMs: hourMs };
    await a.link.arrive("ana", "a1");
    const waits: number[] = [];
    for (const _ of numbers(20)) waits.push(await say(b, limit), await say(a, limit));
    expect(Math.min(...waits)).toBe(0);
    expect(waits.filter((waitMs) => waitMs === 0).length).toBeLessThanOrEqual(4);
  });

  test("lets no more pass of those who come at the same time", async () => {
    await using processes = await connectProcesses(create, 3);
    const limit = { count: 10, windowMs: hourMs };
    for (const [index, { link }] of processes.all.entries()) await link.arrive("ana", `c${index}`);
    const waits = await Promise.all(
      numbers(60).map((number) => say(processes.all[number % 3] as Process, limit)), // one of the three
    );
    expect(waits.filter((waitMs) => waitMs === 0).length).toBeLessThanOrEqual(10);
  });

  test("lets no more pass however connections come and go", async () => {
    await using processes = await connectProcesses(create, 3);
    const limit = { count: 12, windowMs: hourMs };
    const random = new Random(7);
    const open = processes.all.map(() => [] as string[]);
    let passed = 0;
    for (const number of numbers(150)) {
      const process = random.pick(processes.all);
      const own = open[processes.all.indexOf(process)] ?? [];
      const what = random.pick(["arrive", "depart", "say", "say", "say"]);
      if (what === "arrive") {
        own.push(`c${number}`);
        await process.link.arrive("ana", `c${number}`);
      } else if (what === "depart") {
        await process.link.depart("ana", own.shift() ?? "of nobody");
      } else if ((await say(process, limit)) === 0) {
        passed += 1;
      }
    }
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThanOrEqual(12);
  });

  test("is another for each user, each scope and each rate", async () => {
    await using processes = await connectProcesses(create, 1);
    const [a] = processes.all as [Process];
    const rates = [1, 2, 3].map((hours) => ({ count: 1, windowMs: hours * hourMs }));
    const users = ["ana", "Ana", "a", "a:b", "c:a", "太 郎", "__proto__", ""];
    const passesOnce = async (user: string, scope: string, limit: RateLimit) => {
      await untilAnswer(
        () => say(a, limit, user, scope),
        (waitMs) => waitMs === 0,
      );
      expect(await say(a, limit, user, scope)).toBeGreaterThan(0);
    };
    for (const user of users) {
      await a.link.arrive(user, `${user} 1`);
      for (const scope of ["", "b", "c", "b:c", "/ws/:room"]) {
        for (const limit of rates) await passesOnce(user, scope, limit);
      }
    }
  });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
