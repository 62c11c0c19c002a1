import { type EventPlace, StateAt } from "../declare/state-at.js";
import { encodePayload } from "../protocol/encode-message.js";
import { TidingsError } from "../protocol/tidings-error.js";

/** A channel's state as JSON, and the last event that it is known to hold. */
export interface LoadedState {
  readonly json: string;
  readonly place: EventPlace | undefined;
}

export interface SnapshotLoaderOptions {
  readonly load: () => unknown;
  /** What takes longer is given up. */
  readonly limitMs: number;
  readonly after: (ms: number, run: () => void) => { cancel(): void };
}

/**
 * Loads a channel's state for who arrives: one load at a time, and one more for all who came while it ran.
 *
 * A load that began earlier may lack what was published since, so nobody is given one that began before they came.
 */
export class SnapshotLoader {
  readonly #options: SnapshotLoaderOptions;
  #running: Promise<LoadedState> | undefined;
  #next: Promise<LoadedState> | undefined;

  constructor(options: SnapshotLoaderOptions) {
    this.#options = options;
  }

  /**
   * Rejects with what the loader throws, with a `TidingsError` `unavailable` where it takes too long, and with an
   * `EncodeError` for what JSON can't hold.
   */
  load(): Promise<LoadedState> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin();
    const begin = () => {
      this.#next = undefined;
      return this.#begin();
    };
    this.#next = this.#running.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<LoadedState> {
    const running = this.#inTime(this.#loadOnce()).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #loadOnce(): Promise<LoadedState> {
    const loaded = await this.#options.load();
    if (loaded instanceof StateAt) return { json: encodePayload(loaded.state), place: loaded.place };
    return { json: encodePayload(loaded), place: undefined };
  }

  #inTime(loading: Promise<LoadedState>): Promise<LoadedState> {
    const { after, limitMs } = this.#options;
    return new Promise((resolve, reject) => {
      const tooLong = new Error("A snapshot took longer than limits.needs.");
      const late = after(limitMs, () => reject(new TidingsError("unavailable", undefined, { cause: tooLong })));
      loading.then(resolve, reject).finally(() => late.cancel());
    });
  }
}
