import { expect, test, vi } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { Inbox } from "../../test/support/inbox.js";
import { FakeClock } from "../testing/fake-clock.js";
import type { Task } from "./task.js";
import { WorkerPool } from "./worker-pool.js";

const moduleAt = (name: string) => new URL(`../../test/support/workers/${name}.js`, import.meta.url).href;

async function openPool({ maxHeapMb }: { readonly maxHeapMb?: number } = {}) {
  const clock = new FakeClock();
  const reports = new Inbox<{ readonly error: unknown; readonly during: string }>("what is reported of threads");
  const pool = await WorkerPool.open({
    maxThreads: 1,
    graceMs: 5_000,
    clock,
    maxResultBytes: 1_000,
    report: (error, during) => reports.put({ error, during }),
    maxHeapMb,
  });
  const [controller, begun] = [new AbortController(), createGate()];
  const task: Task = { id: "t1", signal: controller.signal, progress: async () => begun.open() };
  return { pool, clock, controller, begun, task, reports };
}

test("a work that never yields is ended with its thread, when it was told to and has not in time", async () => {
  const { pool, clock, controller, begun, task } = await openPool();
  const running = pool.run(moduleAt("endless"), {}, task);
  await begun.opened;
  controller.abort();
  await clock.advance("4999ms");
  expect(await Promise.race([running.catch(() => "ended"), clock.advance("0ms").then(() => "runs")])).toBe("runs");
  await clock.advance("1ms");
  await expect(running).rejects.toMatchObject({ name: "AbortError" });
  const next: Task = { ...task, signal: new AbortController().signal };
  expect(await pool.run(moduleAt("faulty"), { how: "answers" }, next)).toBe("answers");
  await pool.close();
});

test("all that a work said is told before its end, also where its end is heard first", async () => {
  const { pool, task } = await openPool();
  // More than is heard in one turn of the event loop.
  const times = 5_000;
  const hasSaidAll = new Int32Array(new SharedArrayBuffer(4));
  const told: number[] = [];
  // A thread that has died says nothing more.
  const endsAtMs = performance.now() + 5_000;
  const hearing: Task = {
    ...task,
    async progress(percent) {
      told.push(percent);
      while (Atomics.load(hasSaidAll, 0) === 0 && performance.now() < endsAtMs);
    },
  };
  await pool.run(moduleAt("talkative"), { times, hasSaidAll }, hearing);
  expect(told).toEqual(Array.from({ length: times }, (_, n) => (100 * n) / times));
  await pool.close();
});

test("one whose thread has no memory left has failed, and the process has not", async () => {
  const { pool, task } = await openPool({ maxHeapMb: 16 });
  const running = pool.run(moduleAt("faulty"), { how: "runs out of memory" }, task);
  await expect(running).rejects.toMatchObject({ code: "ERR_WORKER_OUT_OF_MEMORY" });
  await pool.close();
});

test("a promise that a work left rejected is reported at once", async () => {
  const { pool, task, reports } = await openPool();
  expect(await pool.run(moduleAt("careless"), { how: "leaves a rejection" }, task)).toBe("leaves a rejection");
  expect(await reports.next()).toEqual({
    error: expect.objectContaining({ message: "a rejection left behind" }),
    during: `what ${moduleAt("careless")} left behind`,
  });
  await pool.close();
});

test("what a work left behind is reported when it throws, and the next one in its thread goes on", async () => {
  const { pool, task, reports } = await openPool();
  expect(await pool.run(moduleAt("careless"), { how: "leaves a timer" }, task)).toBe("leaves a timer");
  expect(await pool.run(moduleAt("faulty"), { how: "lasts" }, task)).toBe("lasts");
  expect(await pool.run(moduleAt("careless"), { how: "lasts" }, task)).toBe("lasts");
  expect(await reports.next()).toEqual({
    error: expect.objectContaining({ message: "a timer left behind" }),
    during: `what ${moduleAt("careless")} left behind`,
  });
  await pool.close();
});

test("what a work gives is refused in its thread where it is too long", async () => {
  const { pool, task } = await openPool();
  expect(await pool.run(moduleAt("faulty"), { how: "x".repeat(998) }, task)).toHaveLength(998);
  await expect(pool.run(moduleAt("faulty"), { how: "é".repeat(500) }, task)).rejects.toThrow(
    "A task gives 1002 bytes as JSON, which is past limits.taskResult (1000)",
  );
  await pool.close();
});

test("the issues of a refusal may have no path, as those of Standard Schema, or objects in it", async () => {
  const { pool, task } = await openPool();
  await expect(pool.run(moduleAt("faulty"), { how: "refuses with issues" }, task)).rejects.toMatchObject({
    code: "sold_out",
    issues: [
      { path: [], message: "none" },
      { path: ["a", 1, "b"], message: "objects" },
    ],
  });
  await pool.close();
});

test("closing ends whatever runs", async () => {
  const { pool, begun, task } = await openPool();
  const running = pool.run(moduleAt("endless"), {}, task);
  const failed = expect(running).rejects.toThrow();
  await begun.opened;
  await pool.close();
  await failed;
});

test("where piscina is not installed, it is said what to install", async () => {
  vi.doMock("piscina", () => {
    throw new Error("Cannot find package 'piscina'");
  });
  try {
    await expect(openPool()).rejects.toMatchObject({ code: "missing_package", fix: "Install it: npm install piscina" });
  } finally {
    vi.doUnmock("piscina");
  }
});
