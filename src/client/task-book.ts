import type { TaskSaid, TaskState, TaskStatus } from "../declare/task.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Tasks } from "./client.js";
import { Listeners } from "./listeners.js";
import { lost } from "./message.js";

/** How many are remembered: as many as a server does. */
const REMEMBERED = 200;

/** What was said of a user's tasks, and who waits for their end. */
export class TaskBook implements Tasks {
  readonly all: Map<string, TaskState> = new Map();
  readonly #listeners = new Listeners<Record<string, [task: TaskState]>>();
  readonly #waiting = new Listeners<Record<string, [task: TaskState | undefined]>>();
  readonly #ask: (type: string, payload: unknown) => Promise<unknown>;
  #isClosed = false;

  constructor(ask: (type: string, payload: unknown) => Promise<unknown>) {
    this.#ask = ask;
  }

  on(type: TaskStatus | "progress" | "change", listener: (task: TaskState) => void): () => void {
    return this.#listeners.on(type, listener);
  }

  done(id: string): Promise<never> {
    return new Promise((resolve, reject) => {
      const look = (task: TaskState | undefined) => {
        if (this.#isClosed) reject(lost("The client is closed."));
        else if (task === undefined) reject(new TidingsError("not_found", "The server knows this task no more."));
        else if (task.status === "completed")
          resolve(task.result as never); // the id says what it is
        else if (task.status === "failed") reject(failureOf(task));
        else if (task.status === "cancelled") reject(new TidingsError("task_cancelled", "The task was cancelled."));
        else return;
        stop();
      };
      const stop = this.#waiting.on(id, look);
      const known = this.all.get(id);
      if (known !== undefined || this.#isClosed) look(known);
    });
  }

  async cancel(id: string): Promise<void> {
    await this.#ask("task_cancel", { task: id });
  }

  /** An event of their channel. */
  hear({ type, payload }: TaskSaid): void {
    const news = type.slice("task_".length) as TaskStatus | "progress"; // no other begins with this
    const { task: id, ...said } = payload;
    const name = said.name ?? this.all.get(id)?.name;
    const task = { ...said, id, name, status: news === "progress" ? "started" : news };
    // The latest is the last.
    this.all.delete(id);
    this.all.set(id, task);
    for (const [oldest] of this.all) if (this.all.size > REMEMBERED) this.all.delete(oldest);
    this.#waiting.emit(id, task);
    this.#listeners.emit(news, task);
    this.#listeners.emit("change", task);
  }

  /** All that the server knows: the channel's state. */
  reset(state: readonly TaskSaid[]): void {
    const known = new Set(state.map(({ payload }) => payload.task));
    for (const id of this.all.keys()) {
      if (known.has(id)) continue;
      this.all.delete(id);
      this.#waiting.emit(id, undefined);
    }
    for (const said of state) if (this.#isNew(said)) this.hear(said);
  }

  /** Whoever waits, waits in vain. */
  close(): void {
    this.#isClosed = true;
    for (const id of this.#waiting.types) this.#waiting.emit(id, undefined);
  }

  #isNew({ type, payload }: TaskSaid): boolean {
    const known = this.all.get(payload.task);
    const isAsKnown = known?.timestamp === payload.timestamp && known.progress === payload.progress;
    return !isAsKnown || (known.status !== "started" && !type.endsWith(known.status));
  }
}

function failureOf({ error }: TaskState): TidingsError {
  return new TidingsError(error?.code ?? "internal", error?.message, { issues: error?.issues });
}
