import type { TaskState } from "../../src/declare/task.js";
import { TidingsError } from "../../src/protocol/tidings-error.js";
import type { TaskEnd } from "./program.js";

export interface TaskBegun {
  readonly id: string;
  readonly user: string;
  /** What its work gives. */
  readonly result: number;
  readonly end: TaskEnd;
}

/** What the broker took of a task. */
interface Told {
  readonly channel: string;
  /** In which of the broker's lives. */
  readonly life: number;
  readonly status: string;
}

/** What became of each task. */
export class TaskTruth {
  readonly #losses: () => number;
  readonly #begun = new Map<string, TaskBegun & { readonly life: number }>();
  readonly #told = new Map<string, Told>();
  readonly #mayBeCancelled = new Set<string>();

  /** @param losses how often the broker lost its memory */
  constructor(losses: () => number) {
    this.#losses = losses;
  }

  /** The newest of this user. */
  latestOf(user: string): string | undefined {
    return [...this.#begun.values()].findLast((task) => task.user === user)?.id;
  }

  begin(task: TaskBegun): void {
    this.#begun.set(task.id, { ...task, life: this.#losses() });
  }

  mayBeCancelled(id: string): void {
    this.#mayBeCancelled.add(id);
  }

  /** The broker has taken this; of what follows an end nobody is told. */
  write(channel: string, type: string, id: string, life: number): void {
    const known = this.#told.get(id);
    if (known?.life === life && ENDS.has(known.status)) return;
    const news = type.slice("task_".length);
    this.#told.set(id, { channel, life, status: news === "progress" ? "started" : news });
  }

  /** What is wrong with it: it is told that the task is completed. */
  checkDone(id: string, result: unknown): string | undefined {
    const told = this.#told.get(id);
    if (told?.status !== "completed") return `is told that ${id} is completed, and it is ${told?.status}`;
    if (result !== this.#begun.get(id)?.result) return `is told that ${id} gave ${String(result)}`;
    return undefined;
  }

  /** What is wrong with it: it is told that the task has no result. */
  checkFailed(id: string, error: unknown): string | undefined {
    const code = error instanceof TidingsError ? error.code : String(error);
    const { status } = this.#told.get(id) ?? {};
    const isTrue =
      code === "not_found"
        ? this.isForgotten(id)
        : code === "task_cancelled"
          ? status === "cancelled" && this.#mayBeCancelled.has(id)
          : status === "failed" &&
            (code === "going_away" || (code === NO_LUCK && this.#begun.get(id)?.end === "error"));
    return isTrue ? undefined : `is told that ${id} failed with ${code}, and it is ${status}`;
  }

  isCancelled(id: string): boolean {
    return this.#told.get(id)?.status === "cancelled";
  }

  /** Is there nothing left to be cancelled? */
  isOver(id: string): boolean {
    return this.isForgotten(id) || ENDS.has(this.#told.get(id)?.status ?? "");
  }

  /** Where the memory was lost nobody may know of it any more. */
  isForgotten(id: string): boolean {
    return (this.#begun.get(id)?.life ?? 0) < this.#losses();
  }

  /** What is wrong with what a device knows in the end. */
  compare(user: string, known: ReadonlyMap<string, TaskState>): readonly string[] {
    const wrong: string[] = [];
    const channel = `$tasks/${user}`;
    for (const [id, told] of this.#told) {
      if (told.channel !== channel) continue;
      const expected = told.life === this.#losses() ? told.status : undefined;
      const seen = known.get(id)?.status;
      if (seen !== expected) wrong.push(`knows that ${id} is ${seen}, and it is ${expected}`);
      if (expected !== undefined && !ENDS.has(expected)) wrong.push(`knows that ${id} is ${expected} in the end`);
    }
    return wrong;
  }
}

/** The code of a work that fails. */
export const NO_LUCK = "no_luck";
const ENDS: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);
