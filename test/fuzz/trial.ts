import { Breach, type Opened, type Target } from "./target.js";

/** One target, watched: what it reads breaks a rule of its own, or one that holds for all. */
export class Trial implements AsyncDisposable {
  readonly #opened: Opened;
  /** What was thrown where nobody could catch it. */
  readonly #strays: unknown[] = [];
  readonly #note = (error: unknown): void => void this.#strays.push(error);

  static async open(target: Target): Promise<Trial> {
    return new Trial(await target.open());
  }

  private constructor(opened: Opened) {
    this.#opened = opened;
    process.on("uncaughtException", this.#note).on("unhandledRejection", this.#note);
  }

  /** Why it must not be so; undefined where every rule holds. Never rejects. */
  async run(input: Buffer): Promise<Breach | undefined> {
    try {
      const reading = this.#opened.read(input);
      // What fails behind its back is known a turn later; what it reads at once leaves nothing behind.
      if (reading !== undefined) await reading.then(turn);
    } catch (error) {
      this.#strays.length = 0;
      return error instanceof Breach ? error : new Breach(`it throws ${ruleOf(error)}`, error);
    }
    const [stray] = this.#strays.splice(0);
    if (stray !== undefined) return new Breach(`nobody catches ${ruleOf(stray)}`, stray);
    return pollution();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#opened.close?.();
    } finally {
      process.off("uncaughtException", this.#note).off("unhandledRejection", this.#note);
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The same fault with another text is the same fault: where it was thrown tells it apart. */
function ruleOf(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error}`;
  const [, place = "elsewhere"] = /\/((?:src|node_modules)\/[^:?)]+(?:\?[^:)]*)?:\d+)/.exec(error.stack ?? "") ?? [];
  return `${error.name} in ${place}`;
}

const prototypes = { Object: Object.prototype, Array: Array.prototype, Function: Function.prototype };
const known = new Map(Object.entries(prototypes).map(([name, each]) => [name, Reflect.ownKeys(each).length]));

/** No input may change what every object has. */
function pollution(): Breach | undefined {
  for (const [name, prototype] of Object.entries(prototypes)) {
    if (Reflect.ownKeys(prototype).length !== known.get(name)) return new Breach(`${name}.prototype is changed`);
  }
  return undefined;
}
