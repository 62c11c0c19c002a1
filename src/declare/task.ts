import type { Issue } from "../protocol/tidings-error.js";

/** The id of a task, which remembers what the task will give. */
export type TaskId<Result = unknown> = string & { readonly "~result"?: Result | undefined };

/** Why a task failed: a stable code, and words for people. */
export interface TaskFailure {
  readonly code: string;
  readonly message: string;
  /** Where its input did not fit. */
  readonly issues?: readonly Issue[] | undefined;
}

/** What is said of a task on the channel of its user. Each says all that is known of it then. */
export interface TaskNews {
  readonly task: string;
  /** What it is called, where it was given a name. */
  readonly name?: string | undefined;
  /** 0 to 100. */
  readonly progress: number;
  /** What it is at. */
  readonly message?: string | undefined;
  /** ISO 8601, in UTC: when it was said. */
  readonly timestamp: string;
}

/** The events of the channel `$tasks/:user` (PROTOCOL.md, What a server sends). */
export interface TaskEvents {
  task_queued: TaskNews;
  task_started: TaskNews;
  task_progress: TaskNews;
  task_completed: TaskNews & { readonly result: unknown };
  task_failed: TaskNews & { readonly error: TaskFailure };
  task_cancelled: TaskNews;
}

/** How a task may stand. The last three are its end. */
export type TaskStatus = "queued" | "started" | "completed" | "failed" | "cancelled";

/** How a task stands: what was said of it last. */
export interface TaskState<Result = unknown> {
  readonly id: string;
  /** What it is called, where it was given a name. */
  readonly name?: string | undefined;
  readonly status: TaskStatus;
  /** 0 to 100. */
  readonly progress: number;
  /** What it is at, where that was said. */
  readonly message?: string | undefined;
  /** When it is `completed`. */
  readonly result?: Result | undefined;
  /** When it has `failed`. */
  readonly error?: TaskFailure | undefined;
  /** ISO 8601, in UTC: when that was said. */
  readonly timestamp: string;
  /** Where: whose it is, as `$tasks/ana`. */
  readonly channel: string;
}

/** What the channel of a user's tasks is to the other side. */
export interface TasksContract {
  pattern: "$tasks/:user";
  publishes: TaskEvents;
  events: TaskEvents;
  member: never;
  /** Every running and recent task, as `task_…` said it last: `{ type, payload }`. */
  state: readonly TaskSaid[];
  history: true;
}

/** The last that was said of one task. */
export type TaskSaid = {
  readonly [Type in keyof TaskEvents]: { readonly type: Type; readonly payload: TaskEvents[Type] };
}[keyof TaskEvents];
