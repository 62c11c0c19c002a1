/** What has arrived and was not asked for yet. A wait in vain ends with what was there instead. */
export class Inbox<Item> {
  readonly #name: string;
  readonly #patienceMs: number;
  readonly #items: Item[] = [];
  #waiting: {
    readonly wants: (item: Item) => boolean;
    readonly take: (item: Item) => void;
    readonly fail: () => void;
  }[] = [];
  #ending: string | undefined;

  /** @param patienceMs of processes that start among many, which take seconds */
  constructor(name: string, patienceMs = PATIENCE_MS) {
    this.#name = name;
    this.#patienceMs = patienceMs;
  }

  get unread(): readonly Item[] {
    return this.#items;
  }

  put(item: Item): void {
    const waiting = this.#waiting.find(({ wants }) => wants(item));
    if (waiting === undefined) {
      this.#items.push(item);
      return;
    }
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.take(item);
  }

  /** No more comes. */
  end(why: string): void {
    this.#ending ??= why;
    for (const { fail } of this.#waiting.splice(0)) fail();
  }

  /** The oldest that is wanted, or the first that comes. Rejects when none can come, or none came for a while. */
  next(wants: (item: Item) => boolean = () => true): Promise<Item> {
    const index = this.#items.findIndex(wants);
    const [item] = index === -1 ? [] : this.#items.splice(index, 1);
    if (item !== undefined) return Promise.resolve(item);
    const { promise, resolve, reject } = guarded<Item>(() => this.#describe("nothing came in time"), this.#patienceMs);
    const waiting = { wants, take: resolve, fail: () => reject(new Error(this.#describe(this.#ending ?? ""))) };
    this.#waiting.push(waiting);
    if (this.#ending !== undefined) this.end(this.#ending);
    return promise;
  }

  #describe(why: string): string {
    const unread = this.#items.map((item) => (typeof item === "string" ? item : JSON.stringify(item)).slice(0, 200));
    return `${this.#name}: ${why}. Unread: ${unread.length === 0 ? "nothing" : unread.join(" · ")}`;
  }
}

/** A promise that rejects by itself when nobody settles it: with real time, and before the test runner loses patience. */
export function guarded<Value>(
  describe: () => string,
  patienceMs = PATIENCE_MS,
): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
} {
  let settle: { resolve: (value: Value) => void; reject: (error: Error) => void } | undefined;
  const stack = new Error("waited here").stack;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const reject = (error: Error): void => {
    clearTimeout(timer);
    settle?.reject(Object.assign(error, { stack: `${error.message}\n${stack}` }));
  };
  const timer = setTimeout(() => reject(new Error(describe())), patienceMs);
  return {
    promise,
    resolve: (value) => {
      clearTimeout(timer);
      settle?.resolve(value);
    },
    reject,
  };
}

const PATIENCE_MS = 8_000;
