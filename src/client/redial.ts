import type { Closed } from "../declare/closed.js";
import { thenAfterClose } from "../protocol/after-close.js";

const FIRST_CEILING_MS = 1_000;
const LAST_CEILING_MS = 30_000;

/** What follows a close: when to dial again, or that it stays closed (PROTOCOL.md, Refusing and closing). */
export class Redial {
  readonly #random: () => number;
  readonly #retryOn: readonly number[];
  #failures = 0;
  /** Tokens that had expired, since the last time that it was let in. */
  #expired = 0;
  #ceilingMs = 0;
  #openSinceMs: number | undefined;
  #drainMs: number | undefined;

  /** @param retryOn an app's own close codes after which it dials again */
  constructor(random: () => number, retryOn: readonly number[]) {
    this.#random = random;
    this.#retryOn = retryOn;
  }

  /** The server has said `connected`. */
  opened(nowMs: number): void {
    this.#openSinceMs = nowMs;
    this.#drainMs = undefined;
    this.#expired = 0;
  }

  /**
   * The server has said when to come back, once it has closed. Who says so is there, once it was so for a second, however often
   * it comes back: each reload of a development server does.
   */
  drain(reconnectAfterMs: number | undefined): void {
    this.#drainMs = reconnectAfterMs;
    this.#ceilingMs = FIRST_CEILING_MS;
  }

  /** Milliseconds until it dials again; undefined: it stays closed. */
  delayAfter({ code, reason }: Closed, nowMs: number): number | undefined {
    // A server that lets in and closes at once, for ever, is no better than one that is not there.
    if (this.#openSinceMs !== undefined && nowMs - this.#openSinceMs >= this.#ceilingMs) this.#failures = 0;
    this.#openSinceMs = undefined;
    const then = this.#retryOn.includes(code) ? "retry" : thenAfterClose(code, reason);
    if (then === "refresh-and-retry") this.#expired += 1;
    if (then === "stay-closed" || this.#expired > 1) return undefined;
    const drainMs = this.#failures === 0 && then === "retry-after-drain" ? this.#drainMs : undefined;
    // Anything up to a ceiling that doubles, so that those who lost a server together do not come back together.
    this.#ceilingMs = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** this.#failures);
    this.#failures += 1;
    return drainMs ?? this.#random() * this.#ceilingMs;
  }
}
