import type { AppHost } from "../declare/app.js";
import type { ChannelEvent, EventSubject } from "../declare/channel.js";
import type { TaskEvents, TaskFailure, TaskNews, TaskSaid, TaskStatus } from "../declare/task.js";
import { encodePayload } from "../protocol/encode-message.js";
import { errorCodes } from "../protocol/error-codes.js";
import { wordsOf } from "../protocol/error-words.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { cutToUtf8, utf8Length } from "../protocol/utf8.js";
import type { Schema } from "../schema/standard.js";

export type TaskEventType = keyof TaskEvents;

/** Event → to which status it brings its task. */
export const taskEvents: Readonly<Record<TaskEventType, TaskStatus>> = {
  task_queued: "queued",
  task_started: "started",
  task_progress: "started",
  task_completed: "completed",
  task_failed: "failed",
  task_cancelled: "cancelled",
};

/** After it a task is over. */
export function isLast(type: string): boolean {
  return type === "task_completed" || type === "task_failed" || type === "task_cancelled";
}

/** A task has one end, and begins anew where its id is queued again. */
export function subjectOf({ type, payload }: ChannelEvent): EventSubject {
  const { task } = payload as TaskNews; // it was validated before
  return { name: task, part: isLast(type) ? "last" : type === "task_queued" ? "first" : undefined };
}

/** What is said of a task fits, or the others would take it for another. */
export const newsSchema: Schema = {
  "~standard": {
    version: 1,
    vendor: "tidings",
    validate: (value) => (isNews(value) ? { value } : { issues: [{ message: "This is no news of a task." }] }),
  },
};

function isNews(value: unknown): value is TaskNews {
  if (typeof value !== "object" || value === null) return false;
  const { task, progress, timestamp } = value as Readonly<Record<string, unknown>>;
  return isTaskId(task) && typeof progress === "number" && progress >= 0 && progress <= 100 && isText(timestamp);
}

/** 1–64 characters, as a message's id. */
export function isTaskId(value: unknown): value is string {
  return isText(value) && value !== "" && value.length <= MAX_ID_LENGTH;
}

const MAX_ID_LENGTH = 64;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** The last that was said of a task, where that is kept. */
export function latestOf(said: readonly TaskSaid[], task: string): TaskSaid | undefined {
  return said.findLast(({ payload }) => payload.task === task);
}

/** All that is known of a task at this time. */
export function newsOf({ clock }: AppHost, { task, name, progress, message }: Omit<TaskNews, "timestamp">): TaskNews {
  const timestamp = new Date(clock.now()).toISOString();
  return { task, name: name && cut(name), progress, message: message && cut(message), timestamp };
}

/** A state tells all of a user's tasks: what people read of each is short. */
function cut(words: string): string {
  return cutToUtf8(words, MAX_WORDS_BYTES);
}

const MAX_WORDS_BYTES = 512;

/** How far it is: from 0 to 100, whatever was given. Throws a TypeError for what is no number. */
export function progressOf(percent: unknown): number {
  if (typeof percent === "number" && !Number.isNaN(percent)) return Math.min(100, Math.max(0, percent));
  throw new TypeError("The progress of a task is a number from 0 to 100.");
}

/**
 * What a task gives, as it arrives.
 *
 * @throws EncodeError for what JSON can't hold, RangeError past `limits.taskResult`
 */
export function resultOf(host: AppHost, result: unknown): unknown {
  return asItArrives(host, result, "A task gives");
}

/**
 * Why a task failed, as its user may know it. What is no `TidingsError` is reported, and its details untold; so is one that
 * can't be told, for who waits for the end must hear of it.
 */
export function failureOf(host: AppHost, error: unknown, during: string): TaskFailure {
  try {
    if (error instanceof TidingsError) return tellable(host, error);
  } catch (reason) {
    host.report(reason, during);
  }
  host.report(error, during);
  return { code: "internal", message: errorCodes.internal.meaning };
}

/**
 * What a user is told of an error: of its issues as many as of any error, and of each no more than where and why.
 *
 * @throws EncodeError for what JSON can't hold, RangeError past `limits.taskResult`
 */
export function tellable(host: AppHost, { code, message, issues }: TaskFailure): TaskFailure {
  const told = issues?.slice(0, host.limits.issues).map(({ path, message: why }) => ({ path, message: why }));
  const failure: TaskFailure = { code, message: wordsOf({ code, message }), ...(told && { issues: told }) };
  return asItArrives(host, failure, "A task fails with");
}

function asItArrives<Value>({ limits: { taskResult } }: AppHost, value: Value, what: string): Value {
  const json = encodePayload(value);
  const bytes = utf8Length(json) ?? json.length;
  if (bytes <= taskResult) return JSON.parse(json);
  throw pastTaskResult(what, bytes, taskResult);
}

export function pastTaskResult(what: string, bytes: number, limit: number): RangeError {
  return new RangeError(
    `${what} ${bytes} bytes as JSON, which is past limits.taskResult (${limit}): store it, and give a link to it.`,
  );
}
