import type { Clock } from "../base/clock.js";
import { RateWindow } from "../base/rate-window.js";
import type { RateLeft } from "../declare/connection-report.js";
import type { Limits, RateLimit } from "../protocol/limits.js";

/** What one connection may say in how much time (PROTOCOL.md, Limits). Each window is made when it is first needed. */
export class RateGuard {
  readonly #limits: Pick<Limits, "messages" | "control" | "strikes">;
  readonly #clock: Clock;
  #messages: RateWindow | undefined;
  #control: RateWindow | undefined;
  #strikes: RateWindow | undefined;

  constructor(limits: Pick<Limits, "messages" | "control" | "strikes">, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Milliseconds until one more message of the app's would be handled; 0: now. */
  get messageWaitMs(): number {
    this.#messages ??= new RateWindow(this.#limits.messages);
    return this.#messages.waitMs(this.#clock.elapsed());
  }

  /** One is handled now. */
  passMessage(): void {
    this.#messages?.pass(this.#clock.elapsed());
  }

  /** What is left of each limit. */
  get left(): readonly RateLeft[] {
    const { messages, control, strikes } = this.#limits;
    const nowMs = this.#clock.elapsed();
    const leftOf = (name: string, { count, windowMs }: RateLimit, window: RateWindow | undefined) => {
      return { name, left: window?.left(nowMs) ?? count, count, windowMs };
    };
    return [
      leftOf("messages", messages, this.#messages),
      leftOf("control", control, this.#control),
      leftOf("strikes", strikes, this.#strikes),
    ];
  }

  /** Counts something else that came; 0 where it passed, otherwise the milliseconds until one would. */
  takeControl(): number {
    this.#control ??= new RateWindow(this.#limits.control);
    return this.#control.take(this.#clock.elapsed());
  }

  /** Counts a warning. False where there were so many that it is time to close. */
  takeStrike(): boolean {
    this.#strikes ??= new RateWindow(this.#limits.strikes);
    return this.#strikes.take(this.#clock.elapsed()) === 0;
  }
}
