import { type App, type ContractOf, endpoint, type Json, type Reply } from "tidings";
import {
  cancelTask,
  reportTask,
  startTask,
  startWorkerTask,
  type Task,
  type TaskEvents,
  type TaskFailure,
  type TaskId,
  type TaskNews,
  type TaskSaid,
  tasks,
  type WorkerTask,
} from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { z } from "zod";
import { user } from "./declarations.js";
import { is, isType } from "./is.js";

declare const app: App;

// The id of a task remembers what the task will give, as it arrives.
is<Promise<TaskId<{ url: string; at: string }>>>()(
  startTask(app, "ana", async (task) => {
    is<Task>()(task);
    is<AbortSignal>()(task.signal);
    is<Promise<void>>()(task.progress(40, "page 3"));
    return { url: "/x" as string, at: new Date() } as const;
  }),
);
is<Promise<TaskId<null>>>()(startTask(app, "ana", () => {}));
is<Promise<TaskId<null>>>()(startTask(app, "ana", async () => {}, { name: "export", id: undefined }));
is<Promise<TaskId<number[]>>>()(startTask(app, "ana", () => [1, 2] as number[]));
is<Promise<TaskId<unknown>>>()(startTask(app, "ana", (): unknown => 1));
is<Promise<TaskId<unknown>>>()(startWorkerTask(app, "ana", new URL("file:///x.js"), { pages: 3 }));
is<Promise<TaskId<{ at: string }>>>()(
  startWorkerTask<{ readonly at: Date }>(app, "ana", new URL("file:///x.js"), undefined, { name: "render" }),
);
isType<WorkerTask["signal"], AbortSignal>(true);

// It is a text, and survives JSON, so that a handler which returns it replies with it.
const jobs = endpoint("/ws/jobs", {
  auth: user,
  channels: [tasks],
  receives: {
    export: z.object({ pages: z.array(z.string()) }),
    wrapped: z.object({}),
    stop: z.object({ id: z.string() }),
  },
  open: ({ connection, user }) => connection.join(tasks({ user: user.id })),
  on: {
    export: ({ app, user }, { pages }) =>
      startTask(app, user.id, async () => ({ count: pages.length }), { name: "export" }),
    wrapped: async ({ app, user }) => ({ task: await startTask(app, user.id, () => new Date()) }),
    stop: ({ app, user }, { id }) => cancelTask(app, user.id, id),
  },
});
type Replies = ContractOf<typeof jobs>["replies"];
isType<Replies["export"], TaskId<{ count: number }>>(true);
isType<Replies["wrapped"], { readonly task: TaskId<string> }>(true);
isType<Replies["stop"], boolean>(true);
isType<Json<TaskId<{ at: string }>>, TaskId<{ at: string }>>(true);
isType<Reply<TaskId<number>>, TaskId<number>>(true);
declare const id: TaskId<number>;
const text: string = id;
const anyTask: TaskId = text;
is<TaskId>()(anyTask);

// The channel of a user's tasks is one like any other.
is<"$tasks/:user">()(tasks.pattern);
type TaskChannel = ContractOf<typeof jobs>["channels"]["$tasks/:user"];
isType<TaskChannel["history"], true>(true);
isType<TaskChannel["events"], TaskEvents>(true);
isType<TaskChannel["state"], readonly TaskSaid[]>(true);

// What arrives of it.
await using server = await startTestApp(app);
const client = await server.connect<typeof jobs>("/ws/jobs");
is<TaskNews>()(await client.next("task_progress"));
is<TaskFailure>()((await client.next("task_failed")).error);
is<unknown>()((await client.next("task_completed")).result);
is<TaskId<{ count: number }>>()(await client.request("export", { pages: [] }));

// What is reported of a job elsewhere.
is<Promise<boolean>>()(reportTask(app, "ana", "task-7", { progress: 40, message: "half way" }));
is<Promise<boolean>>()(reportTask(app, "ana", id, { status: "queued", name: "render" }));
is<Promise<boolean>>()(reportTask(app, "ana", id, { result: undefined }));
is<Promise<boolean>>()(reportTask(app, "ana", id, { error: new Error("no room") }));
is<Promise<boolean>>()(reportTask(app, "ana", id, { error: { code: "no_room", message: "The disk is full." } }));
is<Promise<boolean>>()(cancelTask(app, "ana", id));
