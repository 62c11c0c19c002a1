import { TidingsError } from "../protocol/tidings-error.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { ApiHost } from "./api-host.js";
import { userParam } from "./connection-operations.js";
import { listOf, type Operation, objectOf, operation } from "./operation.js";
import { anything, oneOf, optional, required, text } from "./param.js";

const STATUSES = ["queued", "started", "cancelled"] as const;
const taskParam = text("The id of a task, which you choose.", 64, ["export-7"]);

const FAILURE: JsonSchema = {
  type: "object",
  required: ["code", "message"],
  properties: {
    code: { type: "string", pattern: "^[a-z][a-z0-9_]{0,63}$" },
    message: { type: "string" },
    issues: { type: "array" },
  },
  additionalProperties: false,
  description: "It has failed: a stable code, and words for its user.",
};

export const reportTask: Operation = operation({
  name: "report_task",
  summary: "Says how a task stands that runs elsewhere, to all devices of its user.",
  description:
    "Give one of `status`, `progress`, `result` and `error`. The first report of an id makes the task known. `told` is false where the task has ended, such as by being cancelled: then the job may stop. A task that ended begins anew with the status `queued`.",
  isRead: false,
  params: {
    user: userParam,
    task: taskParam,
    name: optional(text("What it is called, of which the first 512 bytes are told.")),
    message: optional(text("What it is at, of which as much is told.")),
    status: optional(oneOf("It has come to this.", STATUSES)),
    progress: optional(
      required<number>("a number from 0 to 100", {
        type: "number",
        minimum: 0,
        maximum: 100,
        description: "It runs, and is so far, in percent.",
      }),
    ),
    result: optional(anything("It is completed, with this.")),
    error: optional(required<object>("an object with a `code` and a `message`", FAILURE)),
  },
  result: objectOf({ told: { type: "boolean", description: "False: the task has ended." } }),
  async run(host, { user, task, name, message, ...kinds }) {
    needTasks(host);
    const given = Object.entries(kinds).filter(([, value]) => value !== undefined);
    if (given.length !== 1) throw oneKind();
    const words = Object.entries({ name, message }).filter(([, value]) => value !== undefined);
    return { told: await host.reportTask(user, task, Object.fromEntries([...words, ...given])) };
  },
});

export const cancelTask: Operation = operation({
  name: "cancel_task",
  summary: "Ends a task, in whatever process it runs.",
  description:
    "Its user is told so at once. A task that runs elsewhere hears of it when it reports next. `cancelled` is false where there is no such task, or it has ended.",
  isRead: false,
  params: { user: userParam, task: taskParam },
  result: objectOf({ cancelled: { type: "boolean" } }),
  async run(host, { user, task }) {
    needTasks(host);
    return { cancelled: await host.cancelTask(user, task) };
  },
});

export const tasks: Operation = operation({
  name: "tasks",
  summary: "A user's running and recent tasks, the one that was said least lately first.",
  description: "What is kept: of 100 tasks the last that was said, for a day.",
  isRead: true,
  params: { user: userParam },
  result: objectOf({
    tasks: listOf(
      objectOf(
        {
          id: { type: "string" },
          status: { type: "string", enum: ["queued", "started", "completed", "failed", "cancelled"] },
          progress: { type: "number", minimum: 0, maximum: 100 },
          timestamp: { type: "string", format: "date-time" },
        },
        { name: { type: "string" }, message: { type: "string" }, result: {}, error: FAILURE },
      ),
    ),
  }),
  async run(host, { user }) {
    needTasks(host);
    const found = await host.tasksOf(user);
    return { tasks: found.map(({ channel, ...task }) => task) };
  },
});

/** Without an endpoint that lists them nobody would ever hear of one. */
function needTasks({ channels }: ApiHost): void {
  for (const { cancel } of channels) if (cancel !== undefined) return;
  throw new TidingsError("not_found", "No endpoint of this app lists `tasks` among its channels.");
}

function oneKind(): TidingsError {
  const message = "Give one of `status`, `progress`, `result` and `error`, and not two.";
  return new TidingsError("bad_request", message, { issues: [{ path: [], message }] });
}
