/**
 * Keeps from asking a backend that has failed so often in a row: it is left in peace for a while, then asked once, and what
 * comes of that decides.
 *
 *     closed ── `failures` in a row ──→ open ── after `restMs` ──→ one is let through ── it succeeds ──→ closed
 *                                        ↑────────────────────────────────── it fails ──┘
 */
export class Circuit {
  readonly #failures: number;
  readonly #restMs: number;
  #failedInRow = 0;
  /** Until when nobody is let through; undefined: closed. */
  #openUntilMs: number | undefined;
  #probe: Passage | undefined;

  constructor({ failures, restMs }: { readonly failures: number; readonly restMs: number }) {
    this.#failures = failures;
    this.#restMs = restMs;
  }

  /** Whoever is let through says afterwards how it went: with one of the three below. */
  enter(nowMs: number): Passage | Barred {
    if (this.#openUntilMs === undefined) return {};
    if (nowMs < this.#openUntilMs) return { retryAfterMs: this.#openUntilMs - nowMs };
    if (this.#probe !== undefined) return { retryAfterMs: this.#restMs };
    this.#probe = {};
    return this.#probe;
  }

  /** True where it was open until now. */
  succeeded(): boolean {
    const wasOpen = this.#openUntilMs !== undefined;
    this.#failedInRow = 0;
    this.#openUntilMs = undefined;
    this.#probe = undefined;
    return wasOpen;
  }

  /** True where it opens by this, or stays open. Who was let through before it opened says nothing new. */
  failed(passage: Passage, nowMs: number): boolean {
    this.#failedInRow += 1;
    const isOpen = this.#openUntilMs !== undefined;
    if (isOpen ? passage !== this.#probe : this.#failedInRow < this.#failures) return false;
    this.#openUntilMs = nowMs + this.#restMs;
    this.#probe = undefined;
    return true;
  }

  /** Nobody waited for how it went: that says nothing. */
  gaveUp(passage: Passage): void {
    if (passage === this.#probe) this.#probe = undefined;
  }
}

export interface Passage {
  readonly retryAfterMs?: undefined;
}
export interface Barred {
  readonly retryAfterMs: number;
}
