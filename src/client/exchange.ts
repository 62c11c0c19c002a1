import type { Clock, Timer } from "../base/clock.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { errorOf, lost, type ServerMessage } from "./message.js";

/** What waited is said so many at a time, as a server takes 10 messages in a second by default (PROTOCOL.md, Limits). */
const AT_A_TIME = 5;
const PAUSE_MS = 1_000;

/** Something said that is to be answered, or that waits to be said. */
interface Entry {
  readonly message: { readonly type: string; readonly payload: unknown; readonly id?: number };
  /** May it be said again, where a connection was lost before its answer came? */
  readonly isRepeatable: boolean;
  isSaid: boolean;
  timer?: Timer | undefined;
  settle?: ((error: unknown, answer?: unknown) => void) | undefined;
}

export interface AskOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly isRepeatable?: boolean | undefined;
  /** About this connection alone: it does not wait, neither for what waits nor for another. */
  readonly isUrgent?: boolean | undefined;
}

export interface Asked {
  /** What the answer will carry. */
  readonly id: number;
  readonly answer: Promise<unknown>;
}

export interface ExchangeOptions {
  readonly clock: Clock;
  /** How many messages may wait. */
  readonly limit: number;
  readonly timeoutMs: number;
  /** Says it to the server, which is there. */
  readonly say: (message: object) => void;
}

/** What the page says and the server answers, in order; what can't be said yet waits. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;
  #isOpen = false;
  #isOver = false;
  #pause: Timer | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** At most once, and without an answer. False where it can't wait. */
  tell(type: string, payload: unknown): boolean {
    return this.#add({ message: { type, payload }, isRepeatable: false, isSaid: false });
  }

  /** The answer rejects with the error that came, or with why nothing did. */
  ask(type: string, payload: unknown, options: AskOptions = {}): Asked {
    const { signal, timeoutMs = this.#options.timeoutMs, isRepeatable = false, isUrgent = false } = options;
    const id = this.#lastId + 1;
    const answer = new Promise((resolve, reject) => {
      const giveUp = () => settle(signal?.reason);
      const settle = (error: unknown, answer?: unknown) => {
        this.#entries.delete(id);
        entry.timer?.cancel();
        signal?.removeEventListener("abort", giveUp);
        if (error === undefined) resolve(answer);
        else reject(error);
      };
      const entry: Entry = { message: { type, payload, id }, isRepeatable, isSaid: false, settle };
      signal?.throwIfAborted();
      if (!this.#add(entry, isUrgent)) throw this.#isOver ? lost("The client is closed.") : full();
      entry.timer = this.#options.clock.after(timeoutMs, () => settle(late(type, isRepeatable)));
      signal?.addEventListener("abort", giveUp);
    });
    return { id, answer };
  }

  /** Was somebody waiting for it? */
  answer(message: ServerMessage): boolean {
    const entry = this.#entries.get(message.id as number); // of another kind there is none
    if (entry?.isSaid !== true) return false;
    if (message.type === "error") entry.settle?.(errorOf(message));
    else entry.settle?.(undefined, message.payload);
    return true;
  }

  /** The server is there: what waits is said. */
  opened(): void {
    this.#isOpen = true;
    this.#sayWaiting();
  }

  /** What has no answer will have none, but for what may be said again. */
  lost(): void {
    this.#isOpen = false;
    this.#pause?.cancel();
    this.#pause = undefined;
    for (const entry of [...this.#entries.values()]) {
      if (entry.isRepeatable) entry.isSaid = false;
      else if (entry.isSaid) entry.settle?.(lost());
    }
  }

  close(): void {
    this.lost();
    this.#isOver = true;
    for (const entry of [...this.#entries.values()]) entry.settle?.(lost("The client is closed."));
    this.#entries.clear();
  }

  /** False where there is no room for it. */
  #add(entry: Entry, isUrgent: boolean = false): boolean {
    const mayGo = this.#isOpen && (isUrgent || this.#pause === undefined);
    if (this.#isOver || (!mayGo && (isUrgent || this.#waiting.length >= this.#options.limit))) return false;
    this.#lastId += 1;
    // What can't be written throws here, and is not kept.
    if (mayGo) this.#say(entry);
    else JSON.stringify(entry.message);
    if (!entry.isSaid || entry.settle !== undefined) this.#entries.set(this.#lastId, entry);
    return true;
  }

  get #waiting(): [number, Entry][] {
    return [...this.#entries].filter(([, { isSaid }]) => !isSaid);
  }

  #say(entry: Entry): void {
    this.#options.say(entry.message);
    entry.isSaid = true;
  }

  #sayWaiting(): void {
    this.#pause = undefined;
    const waiting = this.#waiting;
    for (const [id, entry] of waiting.slice(0, AT_A_TIME)) {
      this.#say(entry);
      if (entry.settle === undefined) this.#entries.delete(id);
    }
    if (waiting.length > AT_A_TIME) this.#pause = this.#options.clock.after(PAUSE_MS, () => this.#sayWaiting());
  }
}

function full(): TidingsError {
  return new TidingsError("queue_full", "There is no connection, and too much waits for one.");
}

/** What may be said again was, for as long as its key is remembered. */
function late(type: string, isRepeatable: boolean): TidingsError {
  return isRepeatable ? lost() : new TidingsError("timeout", `"${type}" was not answered in time.`);
}
