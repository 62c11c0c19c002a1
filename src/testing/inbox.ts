/** What has arrived and was not asked for yet, and who waits for what has not. */
export class Inbox<Item> {
  readonly #describe: (item: Item) => string;
  readonly #items: Item[] = [];
  readonly #waiting: {
    readonly wants: (item: Item) => boolean;
    readonly take: (item: Item) => void;
    readonly fail: () => void;
  }[] = [];
  #ending: string | undefined;

  constructor(describe: (item: Item) => string) {
    this.#describe = describe;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  put(item: Item): void {
    const index = this.#waiting.findIndex(({ wants }) => wants(item));
    const [waiting] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) this.#items.push(item);
    else waiting.take(item);
  }

  /** No more comes, and why. */
  end(why: string): void {
    this.#ending = why;
    for (const { fail } of this.#waiting.splice(0)) fail();
  }

  /**
   * The oldest that is wanted. Rejects when no more can come, or none came for a while; `what` names it then.
   *
   * The while is real time, and shorter than test runners wait: the error tells more than theirs.
   */
  next(what: string, wants: (item: Item) => boolean): Promise<Item> {
    const index = this.#items.findIndex(wants);
    if (index !== -1) {
      const [item] = this.#items.splice(index, 1);
      return Promise.resolve(item as Item); // it was found there
    }
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${what} did not come: ${why}. ${this.#arrived()}`));
      if (this.#ending !== undefined) {
        fail(this.#ending);
        return;
      }
      const waiting = {
        wants,
        take: (item: Item) => {
          clearTimeout(timer);
          resolve(item);
        },
        fail: () => {
          clearTimeout(timer);
          fail(this.#ending ?? "");
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        fail(`nothing of the kind in ${PATIENCE_MS / 1_000} s`);
      }, PATIENCE_MS);
      this.#waiting.push(waiting);
    });
  }

  #arrived(): string {
    return this.#items.length === 0
      ? "Nothing else is unread."
      : `Unread: ${this.#items.map(this.#describe).join(", ")}.`;
  }
}

const PATIENCE_MS = 2_000;
