import type { App, AppHost } from "../declare/app.js";
import type { TaskFailure, TaskId, TaskSaid } from "../declare/task.js";
import { hasCodeForm } from "../protocol/error-codes.js";
import { readTask, sayOf } from "./task-channel.js";
import { failureOf, isLast, isTaskId, newsOf, progressOf, resultOf, tellable } from "./task-news.js";
import { ownerOf } from "./task-owner.js";

/** What is reported of a task that runs elsewhere: one of these, and words for people. */
export type TaskReport = ReportWords &
  (
    | { readonly status: "queued" | "started" | "cancelled" }
    /** From 0 to 100; what is beyond is taken as that. */
    | { readonly progress: number }
    /** It is completed, with this. */
    | { readonly result: unknown }
    /** It has failed: why, as its user may know it. What is an error, but no `TidingsError`, is `internal` to them. */
    | { readonly error: TaskFailure | Error }
  );

/** What is said of a task for people. */
export interface ReportWords {
  /** What it is called, of which the first 512 bytes are told. Left out it stays as it was. */
  readonly name?: string | undefined;
  /** What it is at, of which as much is told. Left out it stays as it was. */
  readonly message?: string | undefined;
}

/**
 * Says how a task stands that runs elsewhere, in a queue or with another service, to all devices of its user. The first report
 * of an id makes the task known.
 *
 * Resolves when it is told; with false where the task has ended, such as by being cancelled: then nothing is told, and the job
 * may stop. A task that ended begins anew with `{ status: "queued" }`. For one of `startTask` there is no need to.
 *
 * Rejects with a TypeError for what is no report, an EncodeError for what JSON can't hold, a RangeError past
 * `limits.taskResult`, and with a `TidingsError` `unavailable` where the broker is away.
 */
export async function reportTask(app: App, user: string, id: TaskId, report: TaskReport): Promise<boolean> {
  if (typeof user !== "string" || user === "") throw new TypeError("reportTask() takes the id of a user, a text.");
  if (!isTaskId(id)) throw new TypeError("The id of a task is a text of 1–64 characters.");
  checkReport(report);
  const host = await app["~host"]();
  const owner = ownerOf(user);
  const latest = await readTask(app, owner, id);
  const begins = "status" in report && report.status === "queued";
  if (latest !== undefined && isLast(latest.type) && !begins) return false;
  await sayOf(app, owner, toSaid(host, id, report, begins ? undefined : latest));
  return true;
}

function toSaid(host: AppHost, task: string, report: TaskReport, latest: TaskSaid | undefined): TaskSaid {
  const known = latest?.payload;
  const name = report.name ?? known?.name;
  const message = report.message ?? known?.message;
  const news = (progress = known?.progress ?? 0) => newsOf(host, { task, name, message, progress });
  if ("progress" in report) return { type: "task_progress", payload: news(progressOf(report.progress)) };
  if ("result" in report) {
    return { type: "task_completed", payload: { ...news(100), result: resultOf(host, report.result) } };
  }
  if ("error" in report) {
    return { type: "task_failed", payload: { ...news(), error: failureIn(host, report.error) } };
  }
  return { type: `task_${report.status}`, payload: news() };
}

function failureIn(host: AppHost, error: TaskFailure | Error): TaskFailure {
  if (error instanceof Error) return failureOf(host, error, "reportTask");
  return tellable(host, error);
}

function checkReport(report: TaskReport): void {
  const given: unknown = report;
  if (typeof given !== "object" || given === null) throw noReport("It is no object.");
  const fields = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).find((name) => !WORDS.has(name) && !KINDS.includes(name));
  if (unknown !== undefined) throw noReport(`It has no \`${unknown}\`.`);
  if (KINDS.filter((name) => name in fields).length !== 1) throw noReport("It has one of these, and not two.");
  for (const name of WORDS) {
    if (fields[name] !== undefined && typeof fields[name] !== "string") throw noReport(`Its \`${name}\` is a text.`);
  }
  if ("status" in fields && !STATUSES.has(fields.status))
    throw noReport("Its `status` is queued, started or cancelled.");
  if ("progress" in fields) progressOf(fields.progress);
  if ("error" in fields && !isFailure(fields.error)) throw noReport("Its `error` is an Error, or { code, message }.");
}

function isFailure(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if (error instanceof Error) return true;
  const { code, message } = error as Readonly<Record<string, unknown>>;
  return typeof code === "string" && hasCodeForm(code) && typeof message === "string";
}

function noReport(why: string): TypeError {
  return new TypeError(`reportTask() takes one of ${KINDS.join(", ")}, and name and message. ${why}`);
}

const KINDS: readonly string[] = ["status", "progress", "result", "error"];
const WORDS: ReadonlySet<string> = new Set(["name", "message"]);
const STATUSES: ReadonlySet<unknown> = new Set(["queued", "started", "cancelled"]);
