import { expect, test, vi } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { FakeClock } from "../testing/fake-clock.js";
import type { Task } from "./task.js";
import { WorkerPool } from "./worker-pool.js";

const moduleAt = (name: string) => new URL(`../../test/support/workers/${name}.js`, import.meta.url).href;

async function openPool({ maxHeapMb }: { readonly maxHeapMb?: number } = {}) {
  const clock = new FakeClock();
  const pool = await WorkerPool.open({ maxThreads: 1, graceMs: 5_000, clock, maxHeapMb });
  const [controller, begun] = [new AbortController(), createGate()];
  const task: Task = { id: "t1", signal: controller.signal, progress: async () => begun.open() };
  return { pool, clock, controller, begun, task };
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

test("one whose thread has no memory left has failed, and the process has not", async () => {
  const { pool, task } = await openPool({ maxHeapMb: 16 });
  const running = pool.run(moduleAt("faulty"), { how: "runs out of memory" }, task);
  await expect(running).rejects.toMatchObject({ code: "ERR_WORKER_OUT_OF_MEMORY" });
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
    const opening = WorkerPool.open({ maxThreads: 1, graceMs: 5_000, clock: new FakeClock() });
    await expect(opening).rejects.toMatchObject({ code: "missing_package", fix: "Install it: npm install piscina" });
  } finally {
    vi.doUnmock("piscina");
  }
});
