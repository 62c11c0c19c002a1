import { ConfigError } from "../base/config-error.js";
import { checkOptions } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import type { App } from "../declare/app.js";
import type { TaskId } from "../declare/task.js";
import type { Reply } from "../schema/json.js";
import type { Task } from "./task.js";
import { taskRunner } from "./task-channel.js";
import { isTaskId } from "./task-news.js";
import { ownerOf } from "./task-owner.js";

/** What `startTask` and `startWorkerTask` take beside the work. */
export interface TaskOptions {
  /** What it is called to its user, such as `"export"`: of a longer text the first 512 bytes are told. Default: none. */
  name?: string | undefined;
  /** 1–64 characters that tell it from the user's other tasks. Default: one that nobody can guess. */
  id?: string | undefined;
}

/**
 * Runs something beside the handler that starts it, and tells all devices of a user how it goes.
 *
 * Resolves with the task's id when it is queued; it runs when its turn comes. There are `limits.tasks` turns, and they go
 * round by user. What the work
 * returns is the task's result; what it throws fails the task: a `TidingsError` with its code, anything else as `internal`, and
 * its details go to `onError`.
 *
 * Rejects with a `TidingsError`: `too_many_tasks` past `limits.tasksPerUser`, `already_started` where this process runs one of
 * this id for the user, `unavailable` where the broker is away or the app closes; with a TypeError or a ConfigError for what
 * cannot be.
 */
export async function startTask<Result>(
  app: App,
  user: string,
  work: (task: Task) => Result,
  options: TaskOptions = {},
): Promise<TaskId<Reply<Awaited<Result>>>> {
  checkTask("startTask()", user, options);
  if (typeof work !== "function") throw new TypeError("startTask() takes a function: what the task does.");
  const runner = await app.get(taskRunner);
  return runner.start({ user: ownerOf(user), work, name: options.name, id: options.id, where: "here" });
}

/**
 * The same in a worker thread, for work that would hold up everybody else. There is one thread less than the computer has
 * cores, one at least.
 *
 * The module is JavaScript: `export default async function (input, task) { … }`, whose `task` has `id`, `signal` and
 * `progress` (`WorkerTask`). Where the task is cancelled and the work does not end by itself within `limits.close`, its thread
 * does.
 *
 * Rejects as `startTask` does, with a TypeError for an input that can't be cloned, and with a ConfigError `missing_package`
 * where piscina is not installed, which has the threads.
 *
 * @param module where the module is: `new URL("./render.js", import.meta.url)`
 * @param input what its function is given, cloned
 */
export async function startWorkerTask<Result = unknown>(
  app: App,
  user: string,
  module: URL,
  input: unknown,
  options: TaskOptions = {},
): Promise<TaskId<Reply<Result>>> {
  checkTask("startWorkerTask()", user, options);
  if (!(module instanceof URL) || module.protocol !== "file:") {
    throw new TypeError('startWorkerTask() takes a file\'s URL, such as new URL("./render.js", import.meta.url).');
  }
  const cloned = clone(input);
  const runner = await app.get(taskRunner);
  const pool = await runner.pool();
  const work = (task: Task) => pool.run(module.href, cloned, task);
  return runner.start({ user: ownerOf(user), work, name: options.name, id: options.id, where: "thread" });
}

/** What is changed before its turn comes must not change what it is given. */
function clone(input: unknown): unknown {
  try {
    return structuredClone(input);
  } catch (cause) {
    throw new TypeError("The input of a worker task can't be cloned for its thread.", { cause });
  }
}

function checkTask(where: string, user: unknown, options: TaskOptions): void {
  if (typeof user !== "string" || user === "") throw new TypeError(`${where} takes the id of a user, a text.`);
  checkOptions(where, options, { name: "text", id: "text" });
  if (options.id === undefined || isTaskId(options.id)) return;
  throw new ConfigError("invalid_option", {
    message: `${where}: \`id\` is ${describeGiven(options.id)}.`,
    fix: "Give it 1 to 64 characters.",
  });
}
