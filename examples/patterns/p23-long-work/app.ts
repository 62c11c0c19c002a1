import { setTimeout as pause } from "node:timers/promises";
import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { startTask, startWorkerTask, tasks } from "tidings/tasks";
import { z } from "zod";

const jobs = endpoint("/ws/jobs", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  channels: [tasks],
  receives: {
    report: z.object({ pages: z.int().min(1).max(100) }),
    primes: z.object({ below: z.int().min(2).max(10_000_000) }), // nobody keeps a thread for hours
    block: z.object({}),
  },
  async open({ connection, user }) {
    await connection.join(tasks({ user: user.id }));
  },
  on: {
    /** It mostly waits, so it runs beside everything else. The handler is answered at once, with the task's id. */
    report: ({ app, user }, { pages }) =>
      startTask(app, user.id, async (task) => {
        for (let page = 1; page <= pages; page += 1) {
          await pause(100, undefined, { signal: task.signal });
          await task.progress((100 * page) / pages, `page ${page}`);
        }
        return { pages };
      }),
    /** It only computes, so it gets a thread. */
    primes: ({ app, user }, { below }) =>
      startWorkerTask(app, user.id, new URL("./primes.js", import.meta.url), { below }, { name: "primes" }),
    /** What not to do. The log and a metric name it. */
    block() {
      const untilMs = performance.now() + 150;
      while (performance.now() < untilMs);
    },
  },
});

export const app = createApp({ endpoints: [jobs] });
