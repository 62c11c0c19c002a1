import { describe, expect, test } from "vitest";
import type { Revocation } from "../../src/broker/broker.js";
import { type CreateBroker, connectProcess, connectProcesses, type Process } from "./broker.js";

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

function describeWindows(create: CreateBroker): void {
  test("is one for all processes", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const limit = { count: 3, windowMs: hourMs };
    const nowMs = Date.now();
    for (const { link } of [a, b, a]) expect(await link.countInWindow("ana", limit, nowMs)).toBe(0);
    for (const { link } of [a, b]) expect(await link.countInWindow("ana", limit, nowMs)).toBeGreaterThan(0);
  });

  test("tells how long it takes until one more passes, and does not count who was refused", async () => {
    await using processes = await connectProcesses(create, 1);
    const [{ link }] = processes.all as [Process];
    const limit = { count: 2, windowMs: hourMs };
    const nowMs = Date.now();
    for (const _ of numbers(2)) await link.countInWindow("ana", limit, nowMs);
    for (const _ of numbers(5)) {
      const waitMs = await link.countInWindow("ana", limit, nowMs);
      expect(waitMs).toBeGreaterThan(hourMs / 2);
      expect(waitMs).toBeLessThanOrEqual(hourMs);
    }
  });

  test("lets exactly so many pass of those who come at the same time", async () => {
    await using processes = await connectProcesses(create, 3);
    const limit = { count: 10, windowMs: hourMs };
    const nowMs = Date.now();
    const waits = await Promise.all(
      numbers(60).map((number) => {
        const process = processes.all[number % 3] as Process; // one of the three
        return process.link.countInWindow("ana", limit, nowMs);
      }),
    );
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(10);
  });

  test("is another for each key and each rate", async () => {
    await using processes = await connectProcesses(create, 1);
    const [{ link }] = processes.all as [Process];
    const nowMs = Date.now();
    const passes = async (key: string, count: number, windowMs: number) =>
      (await link.countInWindow(key, { count, windowMs }, nowMs)) === 0;
    for (const key of ["ana", "Ana", "a:b", "太 郎", "__proto__", ""]) {
      expect([await passes(key, 1, hourMs), await passes(key, 1, hourMs)]).toEqual([true, false]);
      expect([await passes(key, 1, 2 * hourMs), await passes(key, 1, 2 * hourMs)]).toEqual([true, false]);
      expect([await passes(key, 2, hourMs), await passes(key, 2, hourMs)]).toEqual([true, true]);
      expect(await passes(key, 2, hourMs)).toBe(false);
    }
  });

  test("is still there when the process that counted is gone", async () => {
    await using processes = await connectProcesses(create, 2);
    const [a, b] = processes.all as [Process, Process];
    const limit = { count: 1, windowMs: hourMs };
    const nowMs = Date.now();
    expect(await a.link.countInWindow("ana", limit, nowMs)).toBe(0);
    await a.link.close();
    expect(await b.link.countInWindow("ana", limit, nowMs)).toBeGreaterThan(0);
  });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
