import { endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { cancelTask, startTask, type Task, type TaskOptions, type TaskSaid, tasks } from "tidings/tasks";
import { z } from "zod";
import type { ServedApp } from "./served-app.js";
import { type Arrival, dialTidings, type WsClient } from "./ws-client.js";

/** Who somebody is their token says. */
export const byName = bearer({ verify: (token) => ({ id: token }) });

/** An endpoint where one starts a task, and hears of all one's own. */
export function createDesk(work: (task: Task) => unknown, options?: TaskOptions) {
  return endpoint("/ws/desk", {
    auth: byName,
    channels: [tasks],
    receives: { start: z.object({}), stop: z.object({ task: z.string() }) },
    open: ({ connection, user }) => connection.join(tasks({ user: user.id })),
    on: {
      start: ({ app, user }) => startTask(app, user.id, work, options),
      stop: ({ app, user }, { task }) => cancelTask(app, user.id, task),
    },
  });
}

/** One of our clients at the desk, past `connected`. */
export async function dialDesk({ url }: Pick<ServedApp, "url">, user = "ana"): Promise<WsClient> {
  const client = await dialTidings(`${url}/ws/desk`, { token: user });
  await client.next();
  return client;
}

/** The state that `subscribed` gave. */
export function tasksIn({ type, payload }: Arrival): readonly TaskSaid[] {
  if (type !== "subscribed" && type !== "gap") throw new Error(`This gives no state: ${type}`);
  return (payload as { readonly state: readonly TaskSaid[] }).state;
}

/** Each as `type progress`. */
export function told(said: readonly { readonly type: string; readonly payload?: unknown }[]): string[] {
  return said.map(({ type, payload }) => `${type} ${(payload as { readonly progress: number }).progress}`);
}
