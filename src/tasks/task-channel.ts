import type { App, KeptOf } from "../declare/app.js";
import { type Channel, type ChannelRef, familyOf } from "../declare/channel.js";
import { type Dependency, dependency } from "../declare/dependency.js";
import { PathPattern } from "../declare/path-pattern.js";
import { stateAt } from "../declare/state-at.js";
import type { TaskId, TaskSaid, TasksContract } from "../declare/task.js";
import { isLast, latestOf, newsOf, newsSchema, subjectOf, taskEvents } from "./task-news.js";
import { ownerOf } from "./task-owner.js";
import { CANCEL_TOPIC, type CancelNotice, TaskRunner } from "./task-runner.js";

/** The channels by what stands for a user in their names, as the params of a name have it. */
const byOwner: Channel<TasksContract> = familyOf<TasksContract>({
  pattern: new PathPattern("$tasks/:user"),
  events: new Map(Object.keys(taskEvents).map((type) => [type, newsSchema])),
  needs: {},
  history: { size: 100, ttlMs: 24 * 60 * 60 * 1_000, subjectOf },
  presence: undefined,
  snapshot: async ({ app, params }) => {
    // What a snapshot is given, and the pattern's one param.
    const { place, said } = await readTasks(app as App, (params as { readonly user: string }).user);
    return stateAt(place, said);
  },
  overflow: "catch-up",
  allow: { subscribe: false, publish: false },
  cancel: ({ app, params: { user = "" } }, task) => cancelOf(app, user, task),
});

/**
 * The channel of each user's tasks: list it in an endpoint's `channels`, and join who comes to `tasks({ user: user.id })`,
 * whatever that id is.
 *
 * It keeps the latest that was said of each task, for a day: of 100 tasks, of which those that have ended make room first. That
 * is its snapshot too, so that a device which comes later, or comes back, knows how every task stands. Who is on it may cancel
 * its tasks. Clients can neither subscribe nor publish.
 */
export const tasks: Channel<TasksContract> = Object.assign(
  ({ user }: { readonly user: string }): ChannelRef<TasksContract> => byOwner({ user: ownerOf(user) }),
  { "~is": byOwner["~is"], pattern: byOwner.pattern, "~definition": byOwner["~definition"] },
);

/** The last that was said of each task of a user, and up to where that goes. */
async function readTasks(
  app: App,
  owner: string,
): Promise<{
  readonly place: { readonly epoch: string; readonly offset: number };
  readonly said: readonly TaskSaid[];
}> {
  const host = await app["~host"]();
  const { epoch, offset, events } = await host.read(byOwner({ user: owner }));
  return { place: { epoch, offset }, said: events.map(parseSaid) };
}

/** The last that was said of one of them, where that is kept: of the others none is parsed that does not name it. */
export async function readTask(app: App, owner: string, task: string): Promise<TaskSaid | undefined> {
  const host = await app["~host"]();
  const { events } = await host.read(byOwner({ user: owner }));
  const named = JSON.stringify(task);
  return latestOf(events.filter(({ payloadJson }) => payloadJson.includes(named)).map(parseSaid), task);
}

function parseSaid({ type, payloadJson }: KeptOf["events"][number]): TaskSaid {
  return { type, payload: JSON.parse(payloadJson) } as TaskSaid; // it was validated when it was said
}

/** Says it to all devices of the user. Of what follows the end of a task nobody is told. */
export async function sayOf(app: App, owner: string, { type, payload }: TaskSaid): Promise<void> {
  await app.publish(byOwner({ user: owner }), type, payload);
}

/**
 * Ends a task, in whatever process it runs: its user is told so at once, and its `signal` aborts. A task that runs elsewhere
 * hears of it when it reports next.
 *
 * False where there is no such task, or it has ended. Rejects with a `TidingsError` `unavailable` where the broker is away (a
 * task of this process is over even so, and its user is told later), and `not_found` for the empty id of a user.
 */
export function cancelTask(app: App, user: string, id: TaskId): Promise<boolean> {
  return cancelOf(app, ownerOf(user), id);
}

async function cancelOf(app: App, owner: string, id: TaskId): Promise<boolean> {
  const host = await app["~host"]();
  const runner = await app.get(taskRunner);
  const notice: CancelNotice = { user: owner, task: id };
  // Also where so many others were told of that its channel knows it no more.
  const run = runner.cancel(notice);
  if (run !== undefined) {
    await host.notify(CANCEL_TOPIC, notice);
    await run.told();
    return true;
  }
  const latest = await readTask(app, owner, id);
  if (latest === undefined || isLast(latest.type)) return false;
  // First: the process that runs it knows best how far it is, and sees to it that its end is told.
  await host.notify(CANCEL_TOPIC, notice);
  await sayOf(app, owner, { type: "task_cancelled", payload: newsOf(host, latest.payload) });
  return true;
}

/** The tasks that this process runs. */
export const taskRunner: Dependency<TaskRunner, "app"> = dependency({
  scope: "app",
  create: async ({ app }) => new TaskRunner(await app["~host"](), (owner, said) => sayOf(app, owner, said)),
});
