import type { TaskSaid, TaskState, TaskStatus } from "../declare/task.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Tasks } from "./client.js";
import type { Exchange } from "./exchange.js";
import { Listeners } from "./listeners.js";
import { errorOf } from "./message.js";

/** How many are remembered: as many as a channel keeps, and as many again. */
const REMEMBERED = 200;

/** What was said of a user's tasks, and who waits for their end. */
export class TaskBook implements Tasks {
  readonly all: Map<string, TaskState> = new Map();
  readonly #listeners = new Listeners<Record<string, [task: TaskState]>>();
  /** Of each task by itself; undefined: it is known no more. */
  readonly #ends = new Listeners<Record<string, [task: TaskState | undefined]>>();
  readonly #exchange: Exchange;
  #ending: TidingsError | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  on(type: TaskStatus | "progress" | "change", listener: (task: TaskState) => void): () => void {
    return this.#listeners.on(type, listener);
  }

  done(id: string): Promise<never> {
    return new Promise((resolve, reject) => {
      const look = (task: TaskState | undefined) => {
        if (task?.status === "completed")
          resolve(task.result as never); // the id says what it is
        else if (task?.status !== "queued" && task?.status !== "started")
          reject(
            task ? errorOf(task.error ?? { code: "task_cancelled" }) : (this.#ending ?? new TidingsError("not_found")),
          );
        else return;
        stop();
      };
      const stop = this.#ends.on(id, look);
      const known = this.all.get(id);
      if (known || this.#ending) look(known);
    });
  }

  async cancel(id: string): Promise<void> {
    await this.#exchange.ask("task_cancel", { task: id });
  }

  /** An event of their channel. */
  hear({ type, payload }: TaskSaid, channel: string): void {
    const news = type.slice("task_".length) as TaskStatus | "progress"; // no other begins with this
    const { task: id, ...said } = payload;
    const before = this.all.get(id);
    const task = { ...said, id, channel, status: news === "progress" ? "started" : news };
    // What a channel's state repeats is nothing new.
    if (JSON.stringify(task) === JSON.stringify(before)) return;
    // The latest is the last.
    this.all.delete(id);
    this.all.set(id, task);
    const [oldest] = this.all.keys();
    if (this.all.size > REMEMBERED) this.all.delete(oldest as string); // there is one
    this.#ends.emit(id, task);
    this.#listeners.emit(news, task);
    this.#listeners.emit("change", task);
  }

  /** All that the server knows: the channel's state. */
  reset(state: readonly TaskSaid[], channel: string): void {
    const known = new Set(state.map(({ payload }) => payload.task));
    for (const [id, task] of this.all) {
      if (known.has(id) || task.channel !== channel) continue;
      this.all.delete(id);
      this.#ends.emit(id, undefined);
      this.#listeners.emit("change", task);
    }
    for (const said of state) this.hear(said, channel);
  }

  /** Whoever waits, waits in vain. */
  close(why: TidingsError): void {
    this.#ending = why;
    this.#ends.emit(undefined, undefined);
  }
}
