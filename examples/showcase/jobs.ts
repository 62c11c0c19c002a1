import { setTimeout as pause } from "node:timers/promises";
import type { App } from "tidings";
import { startTask, startWorkerTask } from "tidings/tasks";
import { z } from "zod";

/** What a job found, in words. */
export interface Finding {
  readonly summary: string;
}

/** What a visitor may start. */
export const jobs = {
  report: z.object({ pages: z.int().min(1).max(100) }).meta({
    description: "Begins a report: a task that mostly waits. Its id is the reply.",
    examples: [{ pages: 5 }],
  }),
  primes: z.object({ below: z.int().min(2).max(50_000_000) }).meta({
    description: "Begins to count primes: a task that computes. Its id is the reply.",
    examples: [{ below: 100_000 }],
  }),
};

/** Mostly waits, as jobs do that read from a database and write to a disk: it runs beside everything else. */
export function startReport(app: App, user: string, pages: number) {
  return startTask(
    app,
    user,
    async (task): Promise<Finding> => {
      for (let page = 1; page <= pages; page += 1) {
        await pause(PAGE_MS, undefined, { signal: task.signal });
        await task.progress((100 * page) / pages, `page ${page} of ${pages}`);
      }
      return { summary: `${pages} pages are ready` };
    },
    { name: "Report" },
  );
}

/** Only computes: in this thread it would hold up everybody, so it gets one of its own. */
export function startPrimes(app: App, user: string, below: number) {
  return startWorkerTask(app, user, new URL("./primes.js", import.meta.url), { below }, { name: "Primes" });
}

const PAGE_MS = 400;
