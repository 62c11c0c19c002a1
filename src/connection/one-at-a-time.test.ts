import fc from "fast-check";
import { expect, test } from "vitest";
import { OneAtATime } from "./one-at-a-time.js";

interface Item {
  readonly name: string;
  readonly isAsync: boolean;
}

/** Keeps what is handled, and lets a test say when an asynchronous handler is done. */
function open({ maxItems = 1_000, maxBytes = 1_000_000 } = {}) {
  const log: string[] = [];
  const running: (() => void)[] = [];
  let most = 0;
  const work = new OneAtATime<Item>({
    handle: ({ name, isAsync }) => {
      log.push(name);
      if (!isAsync) return undefined;
      return new Promise<void>((resolve) => {
        running.push(resolve);
        most = Math.max(most, running.length);
      });
    },
    maxItems,
    maxBytes,
    pause: () => log.push("pause"),
    resume: () => log.push("resume"),
  });
  return {
    work,
    log,
    running,
    mostAtOnce: () => most,
    add: (name: string, bytes = 1) => work.add({ name, isAsync: name.startsWith("slow") }, bytes),
    /** The handler that runs is done. */
    async finish(): Promise<void> {
      running.shift()?.();
      await microtasks();
    },
  };
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await undefined;
}

test("what comes waits until it is released, and is then handled at once and in order", () => {
  const { work, log, add } = open();
  for (const name of ["one", "two"]) add(name);
  expect(log).toEqual([]);
  expect(work.waitingBytes).toBe(2);
  work.release();
  expect(log).toEqual(["one", "two"]);
  expect(work.waitingBytes).toBe(0);
  add("three");
  expect(log).toEqual(["one", "two", "three"]);
});

test("an asynchronous handler holds back what follows, and a synchronous one does not", async () => {
  const { work, log, add, finish } = open();
  work.release();
  for (const name of ["slow 1", "quick 2", "slow 3", "quick 4"]) add(name, 10);
  expect(log).toEqual(["slow 1"]);
  expect(work.waitingBytes).toBe(30);
  await finish();
  expect(log).toEqual(["slow 1", "quick 2", "slow 3"]);
  expect(work.waitingBytes).toBe(10);
  await finish();
  expect(log).toEqual(["slow 1", "quick 2", "slow 3", "quick 4"]);
});

test("it pauses when as many wait as may, and resumes when fewer do", async () => {
  const { work, log, add, finish } = open({ maxItems: 2 });
  work.release();
  add("slow 1");
  add("slow 2");
  expect(log).toEqual(["slow 1"]);
  add("slow 3");
  add("slow 4, which one read held");
  expect(log).toEqual(["slow 1", "pause"]);
  await finish();
  expect(log).toEqual(["slow 1", "pause", "slow 2"]);
  await finish();
  expect(log).toEqual(["slow 1", "pause", "slow 2", "slow 3", "resume"]);
});

test("it pauses when as many bytes wait as may", async () => {
  const { work, log, add, finish } = open({ maxBytes: 100 });
  work.release();
  add("slow 1", 5_000);
  add("slow 2", 99);
  expect(log).toEqual(["slow 1"]);
  add("quick 3", 1);
  expect(log).toEqual(["slow 1", "pause"]);
  await finish();
  expect(log).toEqual(["slow 1", "pause", "slow 2", "resume"]);
});

test("what is held before its release may pause too", () => {
  const { work, log, add } = open({ maxItems: 1 });
  add("one");
  expect(log).toEqual(["pause"]);
  work.release();
  expect(log).toEqual(["pause", "one", "resume"]);
});

test("stopping forgets what waits, lets what runs go on, and takes nothing more", async () => {
  const { work, log, add, finish, running } = open({ maxItems: 1 });
  work.release();
  add("slow 1");
  add("quick 2");
  work.stop();
  expect(work.waitingBytes).toBe(0);
  add("quick 3");
  expect(running).toHaveLength(1);
  await finish();
  work.release();
  expect(log).toEqual(["slow 1", "pause"]);
});

test("a handler may stop it", () => {
  const log: string[] = [];
  const work: OneAtATime<string> = new OneAtATime<string>({
    handle: (item) => {
      log.push(item);
      if (item === "last") work.stop();
    },
    maxItems: 1,
    maxBytes: 1,
    pause: () => log.push("pause"),
    resume: () => log.push("resume"),
  });
  for (const item of ["one", "last", "never"]) work.add(item, 1);
  work.release();
  expect(log).toEqual(["pause", "one", "last"]);
});

test("it is finished when nothing waits and nothing runs, or when it was stopped", async () => {
  const { work, log, add, finish } = open();
  const finished = () => work.finish().then(() => log.push("finished"));
  add("slow 1");
  add("quick 2");
  void finished();
  await microtasks();
  expect(log).toEqual([]);
  work.release();
  await microtasks();
  expect(log).toEqual(["slow 1"]);
  await finish();
  expect(log).toEqual(["slow 1", "quick 2", "finished"]);
  await finished();
  expect(log).toHaveLength(4);

  const stopped = open();
  stopped.add("never");
  const over = stopped.work.finish();
  stopped.work.stop();
  await over;
  await stopped.work.finish();
  expect(stopped.log).toEqual([]);
});

type Step = { readonly add: "slow" | "quick"; readonly bytes: number } | "finish";

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      add: fc.constantFrom("slow" as const, "quick" as const),
      bytes: fc.integer({ min: 0, max: 9 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant("finish" as const) },
);

test("whatever comes is handled in order, never two at once, and pausing is bounded and balanced", async () => {
  const limits = fc.record({ maxItems: fc.integer({ min: 1, max: 4 }), maxBytes: fc.integer({ min: 1, max: 20 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 50, size: "max" }),
      limits,
      fc.nat(10),
      fc.boolean(),
      async (steps, given, start, heeds) => {
        const opened = open(given);
        const { work, log, running, add } = opened;
        const added: string[] = [];
        const isPaused = () =>
          log.filter((each) => each === "pause").length > log.filter((each) => each === "resume").length;
        for (const [index, each] of [...steps.slice(0, start), "release" as const, ...steps.slice(start)].entries()) {
          if (each === "release") work.release();
          else if (each === "finish") await opened.finish();
          // Whoever feeds it stops when told to; or one read held it all.
          else if (!heeds || !isPaused()) {
            added.push(`${each.add} ${index}`);
            add(`${each.add} ${index}`, each.bytes);
          }
          const handled = log.filter((name) => name !== "pause" && name !== "resume");
          expect(handled).toEqual(added.slice(0, handled.length));
          if (!heeds) continue;
          expect(added.length - handled.length).toBeLessThanOrEqual(given.maxItems);
          expect(work.waitingBytes).toBeLessThan(given.maxBytes + 9);
        }
        while (running.length > 0) await opened.finish();
        expect(log.filter((name) => name !== "pause" && name !== "resume")).toEqual(added);
        expect(opened.mostAtOnce()).toBeLessThanOrEqual(1);
        expect(work.waitingBytes).toBe(0);
        const turns = log.filter((name) => name === "pause" || name === "resume");
        expect(turns).toEqual(turns.map((_, index) => (index % 2 === 0 ? "pause" : "resume")));
        expect(isPaused()).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});
