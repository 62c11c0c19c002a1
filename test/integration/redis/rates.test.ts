import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGate } from "../../support/gate.js";
import { type RateProcess, RateWorld } from "../../support/redis/rate-world.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

let redis: RedisServer;
let worlds = 0;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

function createWorld(leaseMs = 10_000): RateWorld {
  worlds += 1;
  return new RateWorld(redis, `world-${worlds}`, leaseMs);
}

const ten = { count: 10, windowMs: 500 };

test("a process with all of the user's connections asks once, and then no more for any message", async () => {
  const world = createWorld();
  const a = await world.start("a", 2);
  expect(await a.sayMany(12, ten)).toBe(10);
  world.nowMs += ten.windowMs;
  expect(await a.sayMany(12, ten)).toBe(10);
  expect(a.asked).toBe(1);
  expect(a.rates.count("ana", "chat", ten)).toBe(500);
});

test.each([
  [10, 1, 1, 5, 5],
  [8, 3, 1, 6, 2],
  [7, 1, 1, 3, 4],
  [2, 1, 1, 1, 1],
  [3, 1, 1, 1, 2],
])("of %d, processes with %d and %d connections that both want all have %d and %d", async (count, ofA, ofB, a, b) => {
  const limit = { count, windowMs: 500 };
  for (const isBFirst of [false, true]) {
    const world = createWorld();
    const processes = [await world.start("a", ofA), await world.start("b", ofB)] as const;
    for (let n = 0; n < 3; n += 1) {
      for (const each of isBFirst ? processes.toReversed() : processes) await each.sayMany(count, limit);
      world.nowMs += limit.windowMs;
    }
    expect(await Promise.all(processes.map((each) => each.sayMany(count, limit)))).toEqual([a, b]);
    expect(world.mostIn(limit.windowMs)).toBe(count);
  }
});

test("what others do not use passes where the user is", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  await world.start("b", 1);
  expect(await a.sayMany(12, ten)).toBe(10);
  // Half of what is there each time.
  expect(a.asked).toBeLessThan(8);
});

test("what one has above its part it gives back when another wants its own, what it has not used first", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  await a.sayMany(4, ten);
  const b = await world.start("b", 1);
  expect(await b.sayMany(6, ten)).toBe(5);
  expect(await a.sayMany(6, ten)).toBe(1);
  expect(world.passedMs).toHaveLength(10);
});

test("nobody passes more by hopping: what was used at one process is used at the next", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a", 1), await world.start("b")];
  expect(await a.sayMany(10, ten)).toBe(10);
  world.nowMs += 100;
  await a.disconnect();
  await b.connect(1);
  const waitMs = await b.say(ten);
  expect(waitMs).toBeGreaterThanOrEqual(400);
  expect(waitMs).toBeLessThanOrEqual(420);
  world.nowMs += 399;
  expect(await b.say(ten)).toBeGreaterThan(0);
  world.nowMs += 21;
  expect(await b.sayMany(11, ten)).toBe(10);
});

test("where the user has more processes than tokens, whoever comes first when one is usable gets it", async () => {
  const world = createWorld();
  const limit = { count: 1, windowMs: 500 };
  const processes = [await world.start("a", 1), await world.start("b", 1), await world.start("c", 1)];
  const passed: string[] = [];
  for (let n = 0; n < 6; n += 1) {
    for (const each of processes) if ((await each.say(limit)) === 0) passed.push(each.name);
    processes.push(...processes.splice(0, 1));
    world.nowMs += limit.windowMs + 20;
  }
  expect(passed).toEqual(["a", "b", "c", "a", "b", "c"]);
  expect(world.mostIn(limit.windowMs)).toBe(1);
});

test("a process without a connection of the user takes one at a time, as long as there are some", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a"), await world.start("b")];
  for (let n = 0; n < 5; n += 1) expect([await a.say(ten), await b.say(ten)]).toEqual([0, 0]);
  expect(await a.say(ten)).toBeGreaterThan(0);
  expect(await b.say(ten)).toBeGreaterThan(0);
});

test("who floods asks once a second", async () => {
  const world = createWorld();
  const limit = { count: 2, windowMs: 60_000 };
  const [a, b] = [await world.start("a", 1), await world.start("b", 1)];
  await Promise.all([a.sayMany(3, limit), b.sayMany(3, limit)]);
  const before = a.asked;
  for (let n = 0; n < 100; n += 1) {
    expect(await a.say(limit)).toBeGreaterThan(0);
    world.nowMs += 2;
  }
  expect(a.asked).toBeLessThanOrEqual(before + 1);
});

test("many messages that come at the same time ask once", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  await world.start("b", 9);
  const limit = { count: 100, windowMs: 500 };
  const waits = await Promise.all(Array.from({ length: 10 }, () => a.say(limit)));
  expect(waits).toEqual(Array(10).fill(0));
  expect(a.asked).toBe(1);
});

test("of a process that was killed, its share is usable a window after its lease, and not before", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a", 1), await world.start("b", 1)];
  await a.sayMany(10, ten);
  a.kill();
  world.nowMs += world.leaseMs + ten.windowMs - 1;
  expect(await b.say(ten)).toBeGreaterThan(0);
  world.nowMs += 1_000;
  expect(await b.sayMany(11, ten)).toBe(10);
});

test("the times at which tokens change hands are rounded, and never to an earlier one", async () => {
  const world = createWorld();
  const limit = { count: 4, windowMs: 60_000 };
  world.nowMs = Math.ceil(world.nowMs / 600) * 600 + 599;
  const [a, b] = [await world.start("a", 1), await world.start("b", 1)];
  await a.sayMany(4, limit);
  a.kill();
  world.nowMs += world.leaseMs + limit.windowMs - 1;
  expect(await b.say(limit)).toBeGreaterThan(0);
  world.nowMs += 602;
  expect(await b.say(limit)).toBe(0);
});

test("what Redis's clock leaves out of a millisecond is not gained", async () => {
  const world = createWorld(1_000);
  const limit = { count: 4, windowMs: 100 };
  const beganMs = Math.floor(world.nowMs);
  const [a, b] = [await world.start("a", 1), await world.start("b", 1)];
  world.nowMs = beganMs + 0.75;
  await a.sayMany(4, limit);
  world.nowMs = beganMs + 1_000.5;
  expect(await a.sayMany(5, limit)).toBe(4);
  a.kill();
  world.nowMs = beganMs + 1_100;
  expect(await b.say(limit)).toBeGreaterThan(0);
});

test("what is given back at the last part of a millisecond is not usable before it is over", async () => {
  const world = createWorld();
  const limit = { count: 4, windowMs: 100 };
  world.nowMs = Math.floor(world.nowMs);
  const [a, b] = [await world.start("a", 1), await world.start("b")];
  await a.sayMany(4, limit);
  world.nowMs += 99.75;
  await a.disconnect();
  await b.connect(1);
  expect(await b.say(limit)).toBeGreaterThan(0);
  world.nowMs += 3;
  expect(await b.say(limit)).toBe(0);
});

test("a lease begins when it is asked for, not when the answer comes", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  const gate = createGate();
  a.answerGate = gate.opened;
  const said = a.say(ten);
  while ((await redis.command("EXISTS", world.names.rate("ana", "chat|10/500"))) === 0);
  world.nowMs += 6_000;
  gate.open();
  expect(await said).toBe(0);
  a.line = "away";
  world.nowMs += 3_999;
  expect(await a.say(ten)).toBe(0);
  world.nowMs += 1;
  expect(await a.say(ten)).toBe("unavailable");
});

test("who comes again while it is still being said that they left has what they got", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  await a.say(ten);
  world.nowMs += ten.windowMs;
  const [first, second] = [createGate(), createGate()];
  const { asked } = a;
  a.gate = first.opened;
  for (let n = 0; n < 3; n += 1) a.rates.departed("ana");
  a.gate = second.opened;
  first.open();
  while (a.asked < asked + 2) await redis.command("PING");
  a.gate = undefined;
  const said = a.say(ten);
  second.open();
  expect(await said).toBe(0);
  while (a.asked < asked + 4) await redis.command("PING");
  expect(await redis.command("HGET", world.names.rate("ana", "chat|10/500"), "s:a")).toMatch(/^10 /);
});

test("a process that is cut off passes with its share until its lease is over, then it says that the broker is away", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  expect(await a.sayMany(2, ten)).toBe(2);
  a.line = "away";
  world.nowMs += world.leaseMs - 1;
  expect(await a.sayMany(12, ten)).toBe(10);
  world.nowMs += 1;
  expect(await a.say(ten)).toBe("unavailable");
  a.line = "whole";
  expect(await a.say(ten)).toBeGreaterThan(0);
  const b = await world.start("b", 1);
  world.nowMs += ten.windowMs - 2;
  expect(await b.say(ten)).toBeGreaterThan(0);
  world.nowMs += 1_000;
  expect(await b.say(ten)).toBe(0);
});

test("a process that never got a share says that the broker is away", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  a.line = "away";
  expect(await a.say(ten)).toBe("unavailable");
  a.line = "whole";
  expect(await a.say(ten)).toBe(0);
});

test("a share that is renewed holds, and is asked for no more", async () => {
  const world = createWorld(1_000);
  const a = await world.start("a", 1);
  for (let n = 0; n < 10; n += 1) {
    expect(await a.sayMany(2, ten)).toBe(2);
    world.nowMs += world.leaseMs * 0.4;
    await a.rates.renew();
  }
  expect(a.asked).toBe(11);
});

test("what nobody used for a window is given back, and forgotten", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  await a.sayMany(3, ten);
  await a.rates.renew();
  expect(a.rates.size).toBe(1);
  world.nowMs += ten.windowMs;
  await a.rates.renew();
  expect(a.rates.size).toBe(0);
  expect(await redis.command("EXISTS", world.names.rate("ana", "chat|10/500"))).toBe(0);
  const { asked } = a;
  await a.rates.renew();
  expect(a.asked).toBe(asked);
});

test("who left and came again while many are renewed has what it got", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  const part = world.names.partOfUser("ana");
  const others = Array.from({ length: 10_000 }, (_, n) => `user ${n}`).filter(
    (u) => world.names.partOfUser(u) === part,
  );
  expect(others.length).toBeGreaterThan(100);
  for (const user of others) expect(await a.rates.count(user, "chat", ten)).toBe(0);
  await a.sayMany(1, ten);
  const gate = createGate();
  a.gate = gate.opened;
  const renewed = a.rates.renew();
  a.gate = undefined;
  a.rates.departed("ana");
  while ((await redis.command("HEXISTS", world.names.rate("ana", "chat|10/500"), "s:a")) === 1);
  await a.say(ten);
  gate.open();
  await renewed;
  expect(await redis.command("HGET", world.names.rate("ana", "chat|10/500"), "s:a")).toMatch(/^10 /);
});

test("where some of the servers are away, the shares at the others are renewed", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  await a.rates.count("bob", "chat", ten);
  await a.sayMany(1, ten);
  a.awayFor = world.names.user("bob");
  world.nowMs += 300;
  await expect(a.rates.renew()).rejects.toMatchObject({ code: "unavailable" });
  a.awayFor = undefined;
  world.nowMs += world.leaseMs - 100;
  expect(await a.sayMany(10, ten)).toBe(10);
});

test("a process that closes gives all back, with the times at which it was used", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a", 1), await world.start("b")];
  await a.sayMany(6, ten);
  await a.rates.close();
  expect(a.rates.size).toBe(0);
  expect(() => a.rates.count("ana", "chat", ten)).toThrow(expect.objectContaining({ code: "unavailable" }));
  await b.connect(1);
  expect(await b.sayMany(10, ten)).toBe(4);
});

test("what was given back though nobody heard so is not passed with twice, and is not lost", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a", 1), await world.start("b")];
  await a.sayMany(4, ten);
  a.line = "deaf";
  await a.disconnect();
  await a.rates.close();
  await b.connect(1);
  await b.sayMany(10, ten);
  expect(world.mostIn(ten.windowMs)).toBeLessThanOrEqual(10);
  world.nowMs += ten.windowMs + 10;
  expect(await b.sayMany(11, ten)).toBe(10);
});

test("what was got though nobody heard so is free a window later", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  a.line = "deaf";
  expect(await a.say(ten)).toBe("unavailable");
  a.line = "whole";
  expect(await a.say(ten)).toBeGreaterThan(0);
  world.nowMs += ten.windowMs + 10;
  expect(await a.sayMany(11, ten)).toBe(10);
});

test("what a server does late, of a line that has ended, changes nothing", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a", 1), await world.start("b", 1)];
  await a.sayMany(1, ten);
  a.isHeldUp = true;
  await a.rates.renew().catch(() => {});
  a.rates.departed("ana");
  await new Promise(setImmediate);
  a.isHeldUp = false;
  world.nowMs += ten.windowMs;
  // The same tokens again: what is late would give them back.
  expect(await a.sayMany(3, ten)).toBe(3);
  await a.runLate();
  await b.sayMany(10, ten);
  await a.sayMany(10, ten);
  expect(world.mostIn(ten.windowMs)).toBeLessThanOrEqual(10);
});

test("where Redis has lost its data, whoever renews gets no more than is left, and the sum is the limit again", async () => {
  const world = createWorld();
  const [a, b] = [await world.start("a", 1), await world.start("b", 1)];
  await a.sayMany(10, ten);
  await redis.command("DEL", world.names.rate("ana", "chat|10/500"));
  await b.sayMany(4, ten);
  await a.rates.renew();
  await b.rates.renew();
  world.nowMs += ten.windowMs + 10;
  const from = world.passedMs.length;
  for (let n = 0; n < 3; n += 1) {
    await Promise.all([a.sayMany(10, ten), b.sayMany(10, ten)]);
    world.nowMs += 100;
  }
  expect(world.passedMs.length - from).toBe(10);
});

test("Redis forgets a book when nothing in it counts any more, and not before", async () => {
  const world = createWorld();
  const realMs = Date.now();
  world.nowMs = realMs;
  const a = await world.start("a", 1);
  await a.say(ten);
  const at = Number(await redis.command("PEXPIRETIME", world.names.rate("ana", "chat|10/500")));
  expect(at).toBeGreaterThanOrEqual(realMs + world.leaseMs + ten.windowMs);
  expect(at).toBeLessThan(realMs + world.leaseMs + ten.windowMs + 10);
});

test("a book has few lines, however many tokens there are", async () => {
  const world = createWorld();
  const a = await world.start("a", 1);
  const limit = { count: 5_000, windowMs: 10_000 };
  for (let n = 0; n < 5_000; n += 1) {
    await a.say(limit);
    world.nowMs += 1.75;
  }
  await a.rates.close();
  expect(await redis.command("HLEN", world.names.rate("ana", "chat|5000/10000"))).toBeLessThanOrEqual(100);
});

test("whatever comes, goes and fails, in no window more pass than the limit says", async () => {
  const step = fc.record({
    what: fc.constantFrom(
      ...(["say", "say", "say", "sayEverywhere", "connect", "disconnect", "kill", "away", "deaf", "mend"] as const),
      ...(["holdUp", "runLate", "renew", "close"] as const),
    ),
    at: fc.nat(2),
    count: fc.integer({ min: 1, max: 6 }),
    laterMs: fc.oneof(
      { weight: 8, arbitrary: fc.nat(80).map((n) => n / 4) },
      { weight: 1, arbitrary: fc.integer({ min: 100, max: 1_500 }) },
    ),
  });
  const limits = fc.record({ count: fc.integer({ min: 1, max: 9 }), windowMs: fc.integer({ min: 20, max: 400 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), limits, async (steps, limit) => {
      const world = createWorld(1_000);
      const slots = [await world.start("p0", 1), await world.start("p1", 1), await world.start("p2", 1)];
      const replace = async (at: number) => {
        slots[at] = await world.start(`q${world.living.length}-${world.nowMs}`);
      };
      for (const { what, at, count, laterMs } of steps) {
        world.nowMs += laterMs;
        const process = slots[at] as RateProcess; // there are three
        if (what === "say") await process.sayMany(count, limit);
        else if (what === "sayEverywhere") await Promise.all(slots.map((each) => each.sayMany(count, limit)));
        else if (what === "connect") await process.connect(count);
        else if (what === "disconnect") await process.disconnect();
        else if (what === "away" || what === "deaf") process.line = what;
        else if (what === "holdUp") process.isHeldUp = true;
        else if (what === "runLate") await process.runLate();
        else if (what === "renew") await process.rates.renew().catch(() => {});
        else if (what === "mend") {
          process.line = "whole";
          process.isHeldUp = false;
        } else {
          if (what === "kill") process.kill();
          else await process.rates.close();
          if (what === "close") process.kill();
          await replace(at);
        }
      }
      expect(world.mostIn(limit.windowMs)).toBeLessThanOrEqual(limit.count);
      for (const each of slots) await each.rates.close();
    }),
    { numRuns: 120 },
  );
}, 60_000);
