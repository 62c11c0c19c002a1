import type { Clock, Timer } from "../base/clock.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { errorOf, lost, type ServerMessage } from "./message.js";

/** What waited is said so many at a time, as a server takes 10 messages in a second by default (PROTOCOL.md, Limits). */
const AT_A_TIME = 5;
const PAUSE_MS = 1_000;

/** Something that is to be answered, or that waits to be said. */
interface Entry {
  readonly message: object;
  /** May it be said again, where a connection was lost before its answer came? */
  readonly isRepeatable?: boolean | undefined;
  /** Undefined: there is no answer to it. */
  readonly settle?: ((error: unknown, answer?: unknown) => void) | undefined;
  isSaid?: boolean;
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
  /** Rejects with the error that came, or with why nothing did. */
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
  readonly #entries = new Map<unknown, Entry>();
  #lastId = 0;
  #isOpen = false;
  /** Why nothing is said any more. */
  #ending: string | undefined;
  /** What waited is being said. */
  #pause: Timer | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** At most once, and without an answer. False where it can't wait. */
  tell(type: string, payload: unknown): boolean {
    return this.#add({ message: { type, payload } });
  }

  ask(type: string, payload: unknown, options: AskOptions = {}): Asked {
    const { signal, timeoutMs = this.#options.timeoutMs, isRepeatable, isUrgent } = options;
    const id = this.#lastId + 1;
    const answer = new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const giveUp = () => settle(signal?.reason);
      const settle = (error: unknown, answer?: unknown) => {
        this.#entries.delete(id);
        timer.cancel();
        signal?.removeEventListener("abort", giveUp);
        if (error === undefined) resolve(answer);
        else reject(error);
      };
      if (!this.#add({ message: { type, payload, id }, isRepeatable, settle }, isUrgent)) throw this.#whyNot();
      // What may be said again was, for as long as its key is remembered.
      const timer = this.#options.clock.after(timeoutMs, () =>
        settle(isRepeatable ? lost() : new TidingsError("timeout")),
      );
      signal?.addEventListener("abort", giveUp);
    });
    return { id, answer };
  }

  /** Was somebody waiting for it? */
  answer(message: ServerMessage): boolean {
    const entry = this.#entries.get(message.id);
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

  /** What was said and has no answer will have none, but for what may be said again. */
  lost(): void {
    this.#isOpen = false;
    this.#pause?.cancel();
    this.#pause = undefined;
    for (const entry of this.#entries.values()) {
      if (entry.isRepeatable) entry.isSaid = false;
      else if (entry.isSaid) entry.settle?.(lost());
    }
  }

  close(why: string): void {
    this.#ending = why;
    for (const { settle } of this.#entries.values()) settle?.(this.#whyNot());
  }

  /** False where there is no room for it. */
  #add(entry: Entry, isUrgent: boolean = false): boolean {
    const mayGo = this.#isOpen && (isUrgent || this.#pause === undefined);
    const mayWait = !isUrgent && this.#waiting.length < this.#options.limit;
    if (this.#ending !== undefined || !(mayGo || mayWait)) return false;
    // What can't be written throws here, and is not kept.
    if (mayGo) this.#say(entry);
    else JSON.stringify(entry.message);
    this.#lastId += 1;
    if (!mayGo || entry.settle !== undefined) this.#entries.set(this.#lastId, entry);
    return true;
  }

  get #waiting(): [unknown, Entry][] {
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

  #whyNot(): TidingsError {
    return this.#ending === undefined ? new TidingsError("queue_full") : lost(this.#ending);
  }
}
