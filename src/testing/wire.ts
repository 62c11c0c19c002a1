import type { Clock, Timer } from "../base/clock.js";

interface UnderWay {
  readonly dueMs: number;
  readonly arrive: () => void;
}

/** One direction of a line: what is sent arrives after a while, in its order. */
export class Wire {
  readonly #clock: Clock;
  readonly #delayMs: () => number;
  #underWay: UnderWay[] = [];
  #isHeld = false;
  #isDelivering = false;
  #timer: Timer | undefined;

  /** @param delayMs how long the next one is under way */
  constructor(clock: Clock, delayMs: () => number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Where there is no delay it arrives within this call. */
  send(arrive: () => void): void {
    this.#underWay.push({ dueMs: this.#clock.now() + this.#delayMs(), arrive });
    this.#deliver();
  }

  /** From now on nothing arrives, and nothing is lost. */
  hold(): void {
    this.#isHeld = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  release(): void {
    this.#isHeld = false;
    this.#deliver();
  }

  /** What is under way is lost. */
  clear(): void {
    this.#underWay = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #deliver(): void {
    // The first of a queue decides, so a later one that was faster waits for it. Who is within a delivery finds the next itself.
    if (this.#isDelivering || this.#timer !== undefined) return;
    this.#isDelivering = true;
    try {
      for (let first = this.#underWay[0]; first !== undefined && !this.#isHeld; first = this.#underWay[0]) {
        if (first.dueMs > this.#clock.now()) {
          this.#timer = this.#clock.after(first.dueMs - this.#clock.now(), () => {
            this.#timer = undefined;
            this.#deliver();
          });
          return;
        }
        this.#underWay.shift();
        first.arrive();
      }
    } finally {
      this.#isDelivering = false;
    }
  }
}
