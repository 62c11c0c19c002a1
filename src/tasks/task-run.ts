import { AsyncResource } from "node:async_hooks";
import type { AppHost } from "../declare/app.js";
import type { TaskNews, TaskSaid } from "../declare/task.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Task } from "./task.js";
import { failureOf, newsOf, progressOf, resultOf } from "./task-news.js";
import { Throttle } from "./throttle.js";
import type { Job } from "./turns.js";

export interface TaskRunOptions {
  readonly host: AppHost;
  /** Says it to all devices of the user. Rejects where that can't be. */
  readonly say: (user: string, said: TaskSaid) => Promise<void>;
  /** As the name of their channel has them (`ownerOf`). */
  readonly user: string;
  readonly id: string;
  readonly name: string | undefined;
  readonly work: (task: Task) => unknown;
  /** Called when nothing of it is left: its work is over, and its end is told. */
  readonly onOver: (run: TaskRun) => void;
}

/**
 * One task of this process, from its queue to its end:
 *
 *     queued ─→ running ─→ over
 *
 * It is over, and its user told so, at once when it is cancelled. Its work may run on, and counts until it has settled; what
 * it says or gives then is dropped.
 */
export class TaskRun implements Task, Job {
  readonly id: string;
  readonly user: string;
  readonly #options: TaskRunOptions;
  readonly #controller = new AbortController();
  readonly #throttle: Throttle;
  readonly #asker = new AsyncResource("tidings.task");
  #state: "queued" | "running" | "over" = "queued";
  #progress = 0;
  #message: string | undefined;
  /** What of it is not done yet: its work, and telling its end. */
  readonly #undone = new Set<Promise<void>>();
  /** Its end. */
  #telling: Promise<void> | undefined;
  /** The app has closed: what could not be told until then is not told any more. */
  #isAbandoned = false;

  constructor(options: TaskRunOptions) {
    this.#options = options;
    this.id = options.id;
    this.user = options.user;
    this.#throttle = new Throttle({
      clock: options.host.clock,
      everyMs: PROGRESS_EVERY_MS,
      run: () => this.#tell({ type: "task_progress", payload: this.#news }),
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when nothing of it is left, and never rejects. */
  async settled(): Promise<void> {
    while (this.#undone.size > 0) await Promise.all(this.#undone);
  }

  /** Resolves when its end is told, and never rejects. */
  async told(): Promise<void> {
    await this.#telling;
  }

  /** Tells its user that it waits. Rejects where that can't be told. */
  announce(): Promise<void> {
    return this.#say({ type: "task_queued", payload: this.#news });
  }

  /** Its turn has come. Never rejects. */
  run(): Promise<void> {
    // Of whoever asked for it, and not of whoever was done before: a trace goes by this.
    return this.#asker.runInAsyncScope(() => this.#do(this.#run()));
  }

  progress(percent: number, message?: string | undefined): Promise<void> {
    const said = this.#sayProgress(percent, message);
    // Whoever does not wait for it need not hear that nobody listens any more.
    said.catch(() => {});
    return said;
  }

  /** Ends it now, and tells its work by the signal. False where it is over. */
  cancel(): boolean {
    if (this.#state === "over") return false;
    const ended = this.#end(() => ({ type: "task_cancelled", payload: this.#news }));
    this.#controller.abort(new TidingsError("task_cancelled", "The task was cancelled."));
    void this.#do(ended);
    return true;
  }

  /** The app closes: what waits has failed, and what runs is told by the signal. */
  goAway(): void {
    if (this.#state === "queued") this.giveUp();
    this.#controller.abort(goingAway());
  }

  /** The app has waited long enough for its work. */
  giveUp(): void {
    void this.#do(this.#fail(goingAway()));
  }

  /** What could not be told until now never is. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  get #news(): TaskNews {
    const { host, name } = this.#options;
    return newsOf(host, { task: this.id, name, progress: this.#progress, message: this.#message });
  }

  get #label(): string {
    const { name } = this.#options;
    return name === undefined ? "task" : `task "${name}"`;
  }

  async #run(): Promise<void> {
    // Whoever started it goes on first, and its answer is sent.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.#state !== "queued") return;
    this.#state = "running";
    await this.#tell({ type: "task_started", payload: this.#news });
    // It may have been cancelled meanwhile.
    if (this.signal.aborted) return this.#fail(this.signal.reason);
    const { host, work } = this.#options;
    try {
      const result = resultOf(host, await host.watch(this.#label, () => work(this)));
      await this.#end(() => {
        this.#progress = 100;
        return { type: "task_completed", payload: { ...this.#news, result } };
      });
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #sayProgress(percent: number, message: string | undefined): Promise<void> {
    const progress = progressOf(percent);
    if (message !== undefined && typeof message !== "string")
      throw new TypeError("What a task is at is told by a text.");
    this.signal.throwIfAborted();
    if (this.#state !== "running") return;
    this.#progress = progress;
    this.#message = message ?? this.#message;
    await this.#throttle.push();
  }

  #fail(error: unknown): Promise<void> {
    const { host } = this.#options;
    return this.#end(() => {
      // What a work throws once it was told to end is most often that it was.
      const why = this.signal.aborted ? this.signal.reason : error;
      return { type: "task_failed", payload: { ...this.#news, error: failureOf(host, why, this.#label) } };
    });
  }

  /** The first end counts. Resolves when it is told. */
  async #end(last: () => TaskSaid): Promise<void> {
    if (this.#state === "over") return;
    this.#state = "over";
    // Not awaited before the end is said: the broker takes both in this order.
    const flushed = this.#throttle.flush();
    this.#telling = this.#tellForSure(last());
    await Promise.all([flushed, this.#telling]);
  }

  /** Tells it, or reports that it could not. */
  async #tell(said: TaskSaid): Promise<void> {
    try {
      await this.#say(said);
    } catch (error) {
      this.#options.host.report(error, this.#label);
    }
  }

  /** A broker that is away is asked again, as long as the app runs: who waits for an end must hear of it. */
  async #tellForSure(said: TaskSaid): Promise<void> {
    const { host } = this.#options;
    for (let isFirst = true; !this.#isAbandoned; isFirst = false) {
      try {
        await this.#say(said);
        return;
      } catch (error) {
        if (isFirst) host.report(error, this.#label);
        await new Promise<void>((resolve) => host.clock.after(RETRY_MS, resolve));
      }
    }
  }

  #say(said: TaskSaid): Promise<void> {
    return this.#options.say(this.user, said);
  }

  #do(something: Promise<void>): Promise<void> {
    this.#undone.add(something);
    return something.then(() => {
      this.#undone.delete(something);
      if (this.#state === "over" && this.#undone.size === 0) this.#options.onOver(this);
    });
  }
}

function goingAway(): TidingsError {
  return new TidingsError("going_away", "The server went away before the task had ended.");
}

const PROGRESS_EVERY_MS = 250;
const RETRY_MS = 1_000;
