import { setTimeout as pause } from "node:timers/promises";
import { createApp, endpoint, TidingsError } from "tidings";
import { jwt } from "tidings/auth";
import { redis } from "tidings/redis";
import { startTask, type Task, tasks } from "tidings/tasks";
import { z } from "zod";

export const jobs = endpoint("/ws/jobs", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  channels: [tasks], // a channel like any other: all devices of its user are on it
  receives: { export: z.object({ pages: z.int().min(1) }) },
  async open({ connection, user }) {
    await connection.join(tasks({ user: user.id }));
  },
  on: {
    export: ({ app, user }, { pages }) =>
      startTask(app, user.id, (task) => exportPages(pages, task), { name: "export" }),
  },
});

async function exportPages(pages: number, task: Task) {
  if (pages > 100) throw new TidingsError("too_long", "A hundred pages are the most."); // the task has failed, with this
  for (let page = 1; page <= pages; page += 1) {
    await pause(100, undefined, { signal: task.signal }); // ends when the task is cancelled
    await task.progress((100 * page) / pages, `page ${page} of ${pages}`);
  }
  return { pages }; // the task is completed, with this
}

const url = process.env.REDIS_URL;
export const app = createApp({ endpoints: [jobs], broker: url === undefined ? undefined : redis({ url }) });
