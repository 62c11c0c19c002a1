export interface WaitingOptions<Item> {
  /** Must not throw. A promise holds back what follows until it is settled; it must not reject. */
  readonly handle: (item: Item) => void | Promise<void>;
  /** Items that may wait before `pause` is called. */
  readonly maxItems: number;
  /** Bytes that may wait before `pause` is called. */
  readonly maxBytes: number;
  readonly pause: () => void;
  readonly resume: () => void;
}

/**
 * Handles items in the order they came, one after the other (PROTOCOL.md, promise 4).
 *
 * It begins held: what comes waits until `release`. When more waits than it should, whoever feeds it is paused; what one
 * read held already may still come.
 */
export class OneAtATime<Item> {
  readonly #options: WaitingOptions<Item>;
  /** Made when something waits, which is seldom. */
  #items: { readonly item: Item; readonly bytes: number }[] | undefined;
  #bytes = 0;
  #state: "held" | "free" | "busy" | "stopped" = "held";
  #isPaused = false;
  #finished: (() => void) | undefined;

  constructor(options: WaitingOptions<Item>) {
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** What waits, and is not being handled. */
  get waitingItems(): number {
    return this.#length;
  }

  /** Is one being handled? */
  get isBusy(): boolean {
    return this.#state === "busy";
  }

  add(item: Item, bytes: number): void {
    if (this.#state === "stopped") return;
    if (this.#state === "free") {
      this.#handle(item);
      return;
    }
    this.#items ??= [];
    this.#items.push({ item, bytes });
    this.#bytes += bytes;
    if (this.#isPaused || !this.#isFull()) return;
    this.#isPaused = true;
    this.#options.pause();
  }

  /** What waits, and what comes, may be handled. */
  release(): void {
    if (this.#state === "stopped") return;
    this.#state = "free";
    while (this.#state === "free") {
      const next = this.#items?.shift();
      if (next === undefined) break;
      this.#bytes -= next.bytes;
      this.#handle(next.item);
    }
    if (this.#isIdle()) this.#finished?.();
    if (this.#isStopped() || !this.#isPaused || this.#isFull()) return;
    this.#isPaused = false;
    this.#options.resume();
  }

  /** Resolves when nothing waits and nothing is being handled, or when it was stopped. */
  finish(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#finished = resolve;
    });
  }

  /** Forgets what waits, and what comes. What is being handled goes on. */
  stop(): void {
    this.#state = "stopped";
    this.#items = undefined;
    this.#bytes = 0;
    this.#finished?.();
  }

  #handle(item: Item): void {
    const handled = this.#options.handle(item);
    if (handled === undefined || this.#state === "stopped") return;
    this.#state = "busy";
    void handled.then(() => this.release());
  }

  get #length(): number {
    return this.#items?.length ?? 0;
  }

  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  #isIdle(): boolean {
    return this.#isStopped() || (this.#state === "free" && this.#length === 0);
  }

  #isFull(): boolean {
    return this.#length >= this.#options.maxItems || this.#bytes >= this.#options.maxBytes;
  }
}
