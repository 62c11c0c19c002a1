import { availableParallelism } from "node:os";
import type { AppHost } from "../declare/app.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { TaskRun, type TaskRunOptions } from "./task-run.js";
import { Turns } from "./turns.js";
import { WorkerPool } from "./worker-pool.js";

export type StartOptions = Pick<TaskRunOptions, "user" | "work" | "name"> & {
  readonly id: string | undefined;
  /** Whose turns it waits for: those of a thread, or of this process's own. */
  readonly where: "here" | "thread";
};

/** What all processes are told where a task is cancelled. */
export interface CancelNotice {
  /** As the name of their channel has them (`ownerOf`). */
  readonly user: string;
  readonly task: string;
}
export const CANCEL_TOPIC = "task_cancel";

/** The tasks that this process runs, for as long as its app does. */
export class TaskRunner {
  readonly #host: AppHost;
  readonly #say: TaskRunOptions["say"];
  /** By user and id: those that wait or run, and those whose end is not told yet. */
  readonly #runs = new Map<string, TaskRun>();
  /** User → how many of these are theirs. */
  readonly #counts = new Map<string, number>();
  readonly #turns: Readonly<Record<StartOptions["where"], Turns>>;
  readonly #maxThreads = Math.max(1, availableParallelism() - 1);
  #pool: Promise<WorkerPool> | undefined;
  #isClosing = false;

  constructor(host: AppHost, say: TaskRunOptions["say"]) {
    this.#host = host;
    this.#say = say;
    this.#turns = { here: new Turns(host.limits.tasks), thread: new Turns(this.#maxThreads) };
    host.onClosing(() => this.#close());
    // Whoever says so is a process of this app.
    host.onNotice(CANCEL_TOPIC, (notice) => void this.cancel(notice as CancelNotice));
  }

  /** Its threads. Rejects with a ConfigError where the package that has them is not installed. */
  pool(): Promise<WorkerPool> {
    if (this.#isClosing) return Promise.reject(closing());
    if (this.#pool !== undefined) return this.#pool;
    const { limits, clock } = this.#host;
    const pool = WorkerPool.open({
      maxThreads: this.#maxThreads,
      graceMs: limits.close,
      clock,
      maxResultBytes: limits.taskResult,
      report: (error, during) => this.#host.report(error, during),
    });
    this.#pool = pool;
    // It may be installed until it is asked for again.
    pool.catch(() => {
      this.#pool = undefined;
    });
    return pool;
  }

  /** Resolves with its id when it is queued. */
  async start({ id = this.#host.createId(), where, ...options }: StartOptions): Promise<string> {
    const { user } = options;
    const key = keyOf(user, id);
    this.#checkRoom(key, user);
    const onOver = () => this.#forget(key, user);
    const run = new TaskRun({ host: this.#host, say: this.#say, id, onOver, ...options });
    this.#runs.set(key, run);
    this.#counts.set(user, (this.#counts.get(user) ?? 0) + 1);
    try {
      await run.announce();
    } catch (error) {
      this.#forget(key, user);
      throw error;
    }
    // It may be over: cancelled meanwhile.
    if (this.#runs.get(key) === run) this.#turns[where].add(run);
    return id;
  }

  /** Ends it, and gives it; undefined where no such task waits or runs here. */
  cancel({ user, task }: CancelNotice): TaskRun | undefined {
    const run = this.#runs.get(keyOf(user, task));
    if (run === undefined || !run.cancel()) return undefined;
    for (const turns of Object.values(this.#turns)) turns.delete(run);
    return run;
  }

  #checkRoom(key: string, user: string): void {
    if (this.#isClosing) throw closing();
    if (this.#runs.has(key)) throw new TidingsError("already_started", "A task of this id waits or runs already.");
    if ((this.#counts.get(user) ?? 0) >= this.#host.limits.tasksPerUser) throw new TidingsError("too_many_tasks");
  }

  #forget(key: string, user: string): void {
    if (!this.#runs.delete(key)) return;
    const count = this.#counts.get(user) ?? 1;
    if (count > 1) this.#counts.set(user, count - 1);
    else this.#counts.delete(user);
  }

  /** What runs may settle for as long as a connection may; what is left then has failed. */
  async #close(): Promise<void> {
    this.#isClosing = true;
    const runs = [...this.#runs.values()];
    for (const run of runs) run.goAway();
    await this.#inTime(runs.map((run) => run.settled()));
    for (const run of runs) run.giveUp();
    const closed = this.#pool?.then((pool) => pool.close());
    await this.#inTime([closed, ...runs.map((run) => run.told())]);
    for (const run of runs) run.abandon();
  }

  /** Resolves when all of them are there, or as much time has passed as closing may take. */
  #inTime(promises: readonly (Promise<unknown> | undefined)[]): Promise<void> {
    const { clock, limits } = this.#host;
    return new Promise((resolve, reject) => {
      const late = clock.after(limits.close, resolve);
      Promise.all(promises)
        .then(() => resolve(), reject)
        .finally(() => late.cancel());
    });
  }
}

function keyOf(user: string, id: string): string {
  return JSON.stringify([user, id]);
}

function closing(): TidingsError {
  return new TidingsError("unavailable", "This app is closing.");
}
