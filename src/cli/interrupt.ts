/** The first Ctrl-C or SIGTERM, for a command that goes on until then. A second one ends the process as it always does. */
export class Interrupt implements Disposable {
  readonly came: Promise<void>;
  readonly #forget: () => void;

  constructor() {
    let resolve: () => void = () => {};
    this.came = new Promise((settle) => {
      resolve = settle;
    });
    const hear = () => {
      this.#forget();
      resolve();
    };
    this.#forget = () => {
      for (const signal of SIGNALS) process.off(signal, hear);
    };
    for (const signal of SIGNALS) process.on(signal, hear);
  }

  [Symbol.dispose](): void {
    this.#forget();
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
