import fc from "fast-check";
import { expect, test } from "vitest";
import { type LoopBlock, LoopMonitor } from "./loop-monitor.js";

/** A monitor whose time is moved by hand, and what it told. */
function start(options: { thresholdMs?: number; maxNames?: number } = {}) {
  const time = { nowMs: 10_000 };
  const told: LoopBlock[] = [];
  const handled: string[] = [];
  const monitor = new LoopMonitor({
    now: () => time.nowMs,
    onBlocked: (what) => told.push(what),
    onHandled: (endpoint, during, ms) => handled.push(`${endpoint} ${during} ${ms}`),
    ...options,
  });
  return {
    monitor,
    told,
    /** Those that are over, each as `endpoint during 123`. */
    handled,
    /** Each as `endpoint during 123`, with a question mark where it is not certain. */
    get texts() {
      return told.map(({ endpoint, during, blockedMs, certain }) => {
        return `${endpoint} ${during} ${blockedMs}${certain ? "" : "?"}`;
      });
    },
    /** The loop does nothing, or is held: who can tell. */
    pass(ms: number) {
      time.nowMs += ms;
    },
    /** A handler that goes on, until what this gives is called. */
    begin(during: string) {
      const { promise, settle } = ownPromise();
      monitor.run("/ws", during, () => promise);
      return settle;
    },
    run(during: string, ...parts: (number | (() => void))[]) {
      monitor.run("/ws", during, () => {
        for (const part of parts) {
          if (typeof part === "number") time.nowMs += part;
          else part();
        }
      });
    },
  };
}

test("a handler is named whose synchronous part takes as long as the threshold", () => {
  const loop = start();
  loop.run("open", 99.9);
  expect(loop.told).toEqual([]);
  loop.run('message "say"', 100);
  expect(loop.told).toEqual([{ endpoint: "/ws", during: 'message "say"', blockedMs: 100, certain: true }]);
});

test("the threshold can be set", () => {
  const loop = start({ thresholdMs: 5 });
  loop.run("open", 4);
  loop.run("open", 5);
  expect(loop.texts).toEqual(["/ws open 5"]);
});

test("a handler gives what it returned, and throws what it threw", () => {
  const { monitor, told, pass } = start();
  expect(monitor.run("/ws", "open", () => 42)).toBe(42);
  const fails = () =>
    monitor.run("/ws", "open", () => {
      pass(200);
      throw new Error("broken");
    });
  expect(fails).toThrow("broken");
  expect(told).toHaveLength(1);
});

test("of calls within calls only the one that took the time is named", () => {
  const loop = start();
  loop.run("outer", 5, () => loop.run("middle", 10, () => loop.run("inner", 150), 20), 5);
  expect(loop.texts).toEqual(["/ws inner 150"]);
});

test("an outer call that blocks as well is named with its own time", () => {
  const loop = start();
  loop.run(
    "outer",
    100,
    () => loop.run("first", 150),
    50,
    () => loop.run("second", 30),
  );
  expect(loop.texts).toEqual(["/ws first 150", "/ws outer 150"]);
});

test("time within a call that threw is not the outer one's", () => {
  const { monitor, pass, ...loop } = start();
  loop.run("outer", () => {
    const inner = () =>
      monitor.run("/ws", "inner", () => {
        pass(150);
        throw new Error("broken");
      });
    expect(inner).toThrow("broken");
  });
  expect(loop.told.map(({ during }) => during)).toEqual(["inner"]);
});

test("a late loop is the fault of the one handler in progress", () => {
  const loop = start();
  loop.begin("open");
  loop.pass(300);
  loop.monitor.late(290);
  expect(loop.texts).toEqual(["/ws open 290"]);
});

test("with several in progress each may be it, the newest three at most", () => {
  const loop = start();
  for (const during of ["a", "b", "c", "d"]) loop.begin(during);
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws d 300?", "/ws c 300?", "/ws b 300?"]);
});

test("a late loop with nothing in progress is nobody's fault", () => {
  const loop = start();
  loop.begin("open")();
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.told).toEqual([]);
});

test("a handler that settled before the loop was held is not to blame", () => {
  const loop = start();
  const settled = loop.begin("before");
  loop.begin("open");
  settled();
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws open 300"]);
});

test("a handler that held the loop with its last step, and settled before the timer could look, is to blame", () => {
  const loop = start();
  const settled = loop.begin("open");
  loop.pass(300);
  settled();
  loop.begin("after");
  loop.run("after", 5);
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws open 295"]);
});

test("of many the one that settled then is among those named", () => {
  const loop = start();
  for (const during of ["a", "b", "c", "d"]) loop.begin(during);
  const settled = loop.begin("last");
  loop.pass(300);
  settled();
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws last 300?", "/ws d 300?", "/ws c 300?"]);
});

test("to settle twice does nothing", () => {
  const loop = start();
  const settled = loop.begin("before");
  settled();
  loop.begin("open");
  loop.pass(300);
  settled();
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws open 300"]);
});

test("a handler that began after the loop was held is not to blame", () => {
  const loop = start();
  loop.begin("open");
  loop.pass(300);
  loop.begin("after");
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws open 300"]);
});

test("where a synchronous handler took the time, those in progress are not to blame", () => {
  const loop = start();
  loop.begin("waiting");
  loop.run("blocking", 300);
  loop.monitor.late(290);
  expect(loop.texts).toEqual(["/ws blocking 300"]);
});

test("where many short handlers took the time, nobody is to blame", () => {
  const loop = start();
  loop.begin("waiting");
  for (let count = 0; count < 20; count += 1) {
    loop.run("short", 20);
    loop.pass(5);
  }
  loop.monitor.late(480);
  expect(loop.told).toEqual([]);
});

test("a synchronous handler that took less than the loop was late leaves the rest to those in progress", () => {
  const loop = start();
  loop.begin("waiting");
  loop.run("blocking", 120);
  loop.pass(300);
  loop.run("short", 5);
  loop.monitor.late(425);
  expect(loop.texts).toEqual(["/ws blocking 120", "/ws waiting 300"]);
});

test("a call within that ends is no sign that the outer one let the loop go", () => {
  const loop = start();
  loop.begin("waiting");
  loop.run(
    "outer",
    200,
    () => loop.run("inner", 1),
    () => loop.begin("more"),
    200,
  );
  loop.monitor.late(400);
  expect(loop.texts).toEqual(["/ws outer 400"]);
});

test("a loop that had nothing to do for long was not held for long", () => {
  const loop = start();
  loop.begin("waiting");
  loop.pass(5_000);
  loop.run("short", 50);
  loop.pass(60);
  // Neither the short call nor what came after it is 100 ms: many small things were.
  loop.monitor.late(110);
  expect(loop.told).toEqual([]);
});

test("one late look is told once", () => {
  const loop = start();
  loop.begin("waiting");
  loop.pass(300);
  loop.monitor.late(300);
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws waiting 300"]);
});

test("who blocked is kept by endpoint and by what was done, with the longest time", () => {
  const { monitor, pass, run } = start();
  expect(monitor.blocked).toEqual([]);
  for (const ms of [150, 300, 200, 50]) run("open", ms);
  run("close", 100);
  monitor.run("/other", "open", () => pass(101));
  expect(monitor.blocked).toEqual([
    { endpoint: "/ws", during: "open", times: 3, longestMs: 300 },
    { endpoint: "/ws", during: "close", times: 1, longestMs: 100 },
    { endpoint: "/other", during: "open", times: 1, longestMs: 101 },
  ]);
});

test("what was read of it does not change afterwards", () => {
  const { monitor, run } = start();
  run("open", 150);
  const before = monitor.blocked;
  run("open", 200);
  expect(before).toEqual([{ endpoint: "/ws", during: "open", times: 1, longestMs: 150 }]);
});

test("past the number of names others are counted together, and are told by their names", () => {
  const { monitor, told, run } = start({ maxNames: 2 });
  for (const during of ["a", "b", "c", "d", "a"]) run(during, 100 + told.length);
  expect(monitor.blocked).toEqual([
    { endpoint: "/ws", during: "a", times: 2, longestMs: 104 },
    { endpoint: "/ws", during: "b", times: 1, longestMs: 101 },
    { endpoint: "/ws", during: "other", times: 2, longestMs: 103 },
  ]);
  expect(told.map(({ during }) => during)).toEqual(["a", "b", "c", "d", "a"]);
});

test("a hundred names are kept where nothing else is said", () => {
  const { monitor, run } = start();
  for (let index = 0; index < 150; index += 1) run(`message "${index}"`, 100);
  expect(monitor.blocked).toHaveLength(101);
  expect(monitor.blocked.at(-1)).toMatchObject({ during: "other", times: 50 });
});

/** A promise of somebody's own, which is settled by a call. */
function ownPromise() {
  const waiting: (() => void)[] = [];
  const promise = {
    // biome-ignore lint/suspicious/noThenProperty: as another library's promise
    then: (settled: () => void) => void waiting.push(settled),
  };
  return { promise, settle: () => waiting.map((settled) => settled()) };
}

test("a handler that returns is over when it does", () => {
  const { monitor, handled, pass } = start();
  const answers = () => {
    pass(3);
    return 42;
  };
  expect(monitor.run("/ws", "open", answers)).toBe(42);
  expect(handled).toEqual(["/ws open 3"]);
});

test("a handler that throws is over too", () => {
  const { monitor, handled, pass } = start();
  const fails = () =>
    monitor.run("/ws", "open", () => {
      pass(3);
      throw new Error("broken");
    });
  expect(fails).toThrow("broken");
  expect(handled).toEqual(["/ws open 3"]);
});

test("a handler's own time is not taken from what others do within it: how long it took is how long one waited", () => {
  const { monitor, handled, pass } = start();
  monitor.run("/ws", "outer", () => {
    pass(3);
    monitor.run("/ws", "inner", () => pass(5));
  });
  expect(handled).toEqual(["/ws inner 5", "/ws outer 8"]);
});

test("a handler that goes on is over when its promise is settled, from its call on", () => {
  const { monitor, handled, pass } = start();
  const { promise, settle } = ownPromise();
  const given = monitor.run("/ws", "open", () => {
    pass(3);
    return promise;
  });
  expect(given).toBe(promise);
  monitor.run("/ws", "other", () => pass(20));
  pass(7);
  expect(handled).toEqual(["/ws other 20"]);
  settle();
  expect(handled).toEqual(["/ws other 20", "/ws open 30"]);
  settle();
  expect(handled).toHaveLength(2);
});

test("a promise that is rejected is over too, and nobody is left with the rejection", async () => {
  const { monitor, handled } = start();
  await expect(monitor.run("/ws", "open", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(handled).toEqual(["/ws open 0"]);
});

test("a handler that goes on may be to blame, until it is over", () => {
  const loop = start();
  const { promise, settle } = ownPromise();
  loop.monitor.run("/ws", "open", () => promise);
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws open 300"]);
  settle();
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.texts).toHaveLength(1);
});

test("a handler whose last step was the long one is to blame, though it is over", () => {
  const loop = start();
  const { promise, settle } = ownPromise();
  loop.monitor.run("/ws", "open", () => promise);
  loop.pass(300);
  settle();
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws open 300"]);
});

interface Call {
  readonly name: number;
  readonly parts: readonly (number | Call)[];
}
const { call } = fc.letrec<{ call: Call }>((tie) => ({
  call: fc.record({
    name: fc.nat(1_000_000),
    parts: fc.array(fc.oneof({ maxDepth: 4 }, fc.nat(120), tie("call")), { maxLength: 4 }),
  }),
}));

/** The naive way: what a call took by itself is what it took outside of others. Inner ones end first. */
function blockers({ name, parts }: Call): string[] {
  const ownMs = parts.reduce<number>((sum, part) => sum + (typeof part === "number" ? part : 0), 0);
  const inner = parts.flatMap((part) => (typeof part === "number" ? [] : blockers(part)));
  return ownMs >= 100 ? [...inner, `/ws ${name} ${ownMs}`] : inner;
}

test("however calls nest, each is blamed for its own time", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 5 }), (calls) => {
      const loop = start();
      const play = ({ name, parts }: Call): void =>
        loop.run(String(name), ...parts.map((part) => (typeof part === "number" ? part : () => play(part))));
      for (const each of calls) play(each);
      expect(loop.texts).toEqual(calls.flatMap(blockers));
    }),
    { numRuns: 500 },
  );
});

test("who has not settled for more than a minute is blamed where nobody else can be, and then not for certain", () => {
  const loop = start();
  loop.begin("hangs");
  loop.pass(61_000);
  loop.monitor.late(0);
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.texts).toEqual(["/ws hangs 300?"]);
  loop.begin("open");
  loop.pass(300);
  loop.monitor.late(300);
  expect(loop.texts.at(-1)).toBe("/ws open 300?");
});

test("of those that never settle ten thousand are known of, the newest", () => {
  const loop = start();
  const settle = loop.begin("first");
  for (let count = 0; count < 10_000; count += 1) loop.begin("hangs");
  settle();
  expect(loop.handled).toEqual([]);
});
