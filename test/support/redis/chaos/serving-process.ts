import type { AskedProcess } from "./asked-process.js";
import type { Acknowledged } from "./topics.js";

export interface ServingProcessOptions {
  readonly name: string;
  /** Starts it; what it says unasked is to be handed on. */
  readonly start: (hear: Hear) => AskedProcess;
  /** A publish of its own was. */
  readonly acknowledged: (acknowledged: Acknowledged) => void;
}

export type Hear = (notice: string, what: unknown) => void;

/** One process of an app, which publishes by itself, and what it has told of itself. */
export class ServingProcess {
  readonly name: string;
  readonly process: AskedProcess;
  url = "";
  protected pid = 0;
  readonly #acknowledge: ServingProcessOptions["acknowledged"];
  #acknowledged = 0;
  #refused = 0;
  #aways = 0;
  #isAway = false;
  /** What went wrong and nobody was told of, and how often. */
  readonly #failures = new Map<string, number>();

  constructor({ name, start, acknowledged }: ServingProcessOptions) {
    this.name = name;
    this.#acknowledge = acknowledged;
    this.process = start((notice, what) => this.hear(notice, what));
  }

  /** How often its broker has gone so far. */
  get aways(): number {
    return this.#aways;
  }

  listens(): Promise<void> {
    return this.process.until("it listens", () => this.url !== "");
  }

  flows(): Promise<void> {
    const due = this.#acknowledged + SOME;
    return this.process.until("it publishes", () => this.#acknowledged >= due);
  }

  /** Resolves when so many more publishes were refused, from now on. */
  refuses(count: number): Promise<void> {
    const due = this.#refused + count;
    return this.process.until("it refuses", () => this.#refused >= due);
  }

  nextAway(): Promise<void> {
    const due = this.#aways + 1;
    return this.process.until("its broker is away", () => this.#aways >= due);
  }

  isBack(): Promise<void> {
    return this.process.until("its broker is back", () => !this.#isAway);
  }

  /** What went wrong since this was asked last. */
  takeFailures(isMeant: (what: string) => boolean = () => false): readonly string[] {
    const failures = [...this.#failures].filter(([what]) => !isMeant(what));
    this.#failures.clear();
    return failures.map(([what, times]) => `${this.name}, ${times} times: ${what}`);
  }

  /** What its program says unasked. */
  protected hear(notice: string, what: unknown): void {
    switch (notice) {
      case "listening":
        // Both programs say so, here and below.
        ({ url: this.url, pid: this.pid } = what as { readonly url: string; readonly pid: number });
        break;
      case "acknowledged":
        this.#acknowledged += 1;
        this.#acknowledge(what as Acknowledged);
        break;
      case "refused":
        this.#refused += 1;
        break;
      case "failed":
        this.#failures.set(String(what), (this.#failures.get(String(what)) ?? 0) + 1);
        break;
      case "broker_away":
        this.#aways += 1;
        this.#isAway = true;
        break;
      case "broker_back":
        this.#isAway = false;
    }
  }
}

/** Enough that each topic has had one. */
const SOME = 12;
