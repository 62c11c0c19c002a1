import type { Clock, Timer } from "../base/clock.js";
import { type Duration, durationUnits } from "../base/duration.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { RequestOptions } from "./client.js";
import { errorOf, lost, messageText, type ServerMessage } from "./message.js";

/** Something that is to be answered, or that waits to be said. */
interface Entry {
  readonly text: string;
  /** Undefined: there is no answer to it. */
  readonly settle?: (error: unknown, answer?: unknown) => void;
  /** May it be said again, where a connection was lost before its answer came? */
  readonly isRepeatable?: boolean | undefined;
  /** In milliseconds since 1970: what timers do not notice is a device that slept. */
  readonly untilMs?: number;
  /** It was not taken, and is said again then. */
  again?: Timer;
}

export interface AskOptions extends RequestOptions {
  /** In the place of the client's, where `timeout` says nothing. */
  readonly timeoutMs?: number | undefined;
  readonly isRepeatable?: boolean | undefined;
}

/** What it says it by. */
export interface ExchangeHost {
  readonly clock: Clock;
  /** To the server, which is there. */
  say(text: string): void;
}

/** What the page says and the server answers, in order; what can't be said yet waits. */
export class Exchange {
  /** The id of the question that was put last. */
  lastId = 0;
  readonly #host: ExchangeHost;
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #secret: number;
  /** While it is open, what has no answer yet; otherwise what waits. */
  readonly #entries = new Map<unknown, Entry>();
  #isOpen = false;
  /** Why nothing is said any more. */
  #ending: TidingsError | undefined;

  /**
   * @param limit how many messages may wait
   * @param secret such as no other client has
   */
  constructor(host: ExchangeHost, limit: number, timeoutMs: number, secret: number) {
    this.#host = host;
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
    this.#secret = secret;
  }

  /** For what is said next: such as no other publish has, of whichever client. */
  createKey(): string {
    return `${this.#secret} ${this.lastId}`;
  }

  /** At most once, and without an answer. False where it can't wait. */
  tell(type: string, payload: unknown): boolean {
    return this.#add({ text: messageText(type, payload) });
  }

  /** Rejects with the error that came, or with why nothing did. */
  ask(type: string, payload: unknown, options: AskOptions = {}): Promise<unknown> {
    const { signal, timeout, timeoutMs = this.#timeoutMs, isRepeatable } = options;
    const id = this.lastId + 1;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const ms = timeout === undefined ? timeoutMs : msOf(timeout);
      // What can't be written throws here.
      const text = messageText(type, payload, id);
      const giveUp = () => settle(signal?.reason);
      const settle = (error: unknown, answer?: unknown) => {
        this.#entries.delete(id);
        entry.again?.cancel();
        timer.cancel();
        signal?.removeEventListener("abort", giveUp);
        if (error === undefined) resolve(answer);
        else reject(error);
      };
      const entry: Entry = { text, settle, untilMs: this.#host.clock.now() + ms, isRepeatable };
      if (!this.#add(entry)) throw this.#ending ?? new TidingsError("queue_full");
      // What may be said again was, for as long as its key is remembered.
      const why = isRepeatable ? lost() : new TidingsError("timeout");
      const timer = this.#host.clock.after(ms, () => settle(why));
      signal?.addEventListener("abort", giveUp);
    });
  }

  /** Was somebody waiting for it? */
  answer(message: ServerMessage): boolean {
    const entry = this.#entries.get(message.id);
    const error = message.type === "error" ? errorOf(message.payload) : undefined;
    if (entry?.isRepeatable && error?.retryAfterMs) {
      entry.again = this.#host.clock.after(error.retryAfterMs, () => this.#host.say(entry.text));
    } else entry?.settle?.(error, message.payload);
    return entry !== undefined;
  }

  /** The server is there: `first` asks for what has to be there before what waits is said. */
  opened(first: () => void): void {
    const waiting = [...this.#entries];
    this.#isOpen = true;
    first();
    const nowMs = this.#host.clock.now();
    for (const [id, entry] of waiting) if (!((entry.untilMs as number) < nowMs)) this.#say(id, entry); // none is never
  }

  /** What was said and has no answer will have none, but for what may be said again. */
  lost(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const { again, isRepeatable, settle } of this.#entries.values()) {
      again?.cancel();
      if (!isRepeatable) settle?.(lost());
    }
  }

  close(why: TidingsError): void {
    this.#ending = why;
    for (const { settle } of this.#entries.values()) settle?.(why);
  }

  /** False where there is no room for it. */
  #add(entry: Entry): boolean {
    const mayWait = this.#entries.size < this.#limit;
    if (this.#ending || !(this.#isOpen || mayWait)) return false;
    this.lastId += 1;
    this.#entries.set(this.lastId, entry);
    if (this.#isOpen) this.#say(this.lastId, entry);
    return true;
  }

  #say(id: unknown, { text, settle }: Entry): void {
    if (!settle) this.#entries.delete(id);
    this.#host.say(text);
  }
}

/** @throws TypeError for what is none */
export function msOf(duration: Duration): number {
  const ms = Number.parseFloat(duration) * durationUnits[duration.replace(/[\d.]+/, "") as keyof typeof durationUnits]; // or NaN
  if (ms >= 0) return ms;
  throw new TypeError(`No duration: ${duration}`);
}
