import { chunks } from "../base/chunks.js";
import { MultiMap } from "../base/multi-map.js";
import type { Line } from "./line.js";

export interface SubscriptionsOptions {
  readonly lines: () => Iterable<Line>;
  /** To whoever has the topic; undefined: it is away. */
  readonly lineOf: (topic: string) => Line | undefined;
  /** Is it to be listened to? */
  readonly isWanted: (topic: string) => boolean;
  /** These have been asked for: where they are is asked right behind. `anew` are those that were not listened to. Must not reject. */
  readonly follow: (topics: readonly string[], anew: ReadonlySet<string>) => Promise<void>;
  /** These can't be listened to. Must not throw. */
  readonly refuse: (topics: readonly string[], reason: unknown) => void;
}

/**
 * Which topics the lines listen to: once for each, however many want it. What a turn asks for goes in one command; of very many
 * a part in each turn.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** Topics to be listened to, or not any more, or to be followed anew. */
  readonly #due = new Set<string>();
  readonly #flushing = new Set<Promise<unknown>>();
  #isFlushDue = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** With what else is asked for in this turn it is seen to. */
  change(topic: string): void {
    this.#due.add(topic);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.flush();
    });
  }

  /** What was asked for is asked of Redis in front of what is asked next. */
  flush(): void {
    if (this.#due.size === 0) return;
    const some = [...this.#due].slice(0, PART);
    for (const topic of some) this.#due.delete(topic);
    const flushing = this.#see(some).finally(() => this.#flushing.delete(flushing));
    this.#flushing.add(flushing);
    if (this.#due.size > 0) setImmediate(() => this.flush());
  }

  /** Resolves when all that is due has been seen to. */
  async settle(): Promise<void> {
    this.flush();
    for (let [flushing] = this.#flushing; flushing !== undefined; [flushing] = this.#flushing) await flushing;
    if (this.#due.size > 0) await this.settle();
  }

  async #see(due: readonly string[]): Promise<void> {
    const { lines, lineOf, isWanted, follow, refuse } = this.#options;
    const doing: Promise<unknown>[] = [];
    const ready = due.filter((topic) => !this.#isChanging(topic));
    for (const line of lines()) {
      const unwanted = ready.filter((topic) => line.topics.has(topic) && !isWanted(topic));
      doing.push(...chunks(unwanted, TOPICS).map((topics) => line.unsubscribe(topics)));
    }
    const anew = new MultiMap<Line, string>();
    const followed: string[] = [];
    for (const topic of ready) {
      const line = lineOf(topic);
      if (line === undefined) {
        refuse([topic], undefined);
        continue;
      }
      if (isWanted(topic) && !line.topics.has(topic)) anew.add(line, topic);
      followed.push(topic);
    }
    const begun = new Set<string>();
    for (const line of anew.keys()) {
      for (const topics of chunks(anew.of(line), TOPICS)) {
        for (const topic of topics) begun.add(topic);
        doing.push(line.subscribe(topics).catch((error: unknown) => refuse(topics, error)));
      }
    }
    doing.push(follow(followed, begun));
    await Promise.allSettled(doing);
  }

  /**
   * Has its last change not been answered? Then it is seen to when it is: node-redis takes one who leaves and comes back
   * before it was let in for one who never left.
   */
  #isChanging(topic: string): boolean {
    for (const line of this.#options.lines()) {
      const changing = line.changing(topic);
      if (changing === undefined) continue;
      const again = () => this.change(topic);
      changing.then(again, again);
      return true;
    }
    return false;
  }
}

/** Topics that are seen to in one turn. */
const PART = 1_000;
/** Topics that one command names. */
const TOPICS = 500;
