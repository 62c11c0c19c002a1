import type { Clock } from "../base/clock.js";
import { sizeText } from "../base/size.js";
import type { AnsweredError, Trouble } from "../declare/connection-report.js";

/** Errors that are remembered of one connection. */
const KEPT_ERRORS = 5;

/** Of each of their texts; a character may have two of these (UTF-16). */
const KEPT_CHARACTERS = 200;

/** What takes no longer is no trouble. */
const PATIENCE_MS = 1_000;

/** As long as it is refused something within this time it is over its rate all along. */
const OVER_RATE_MS = 10_000;

/** What is remembered of one connection, for whoever asks why it is slow, or why it was closed. */
export class ConnectionRecord {
  readonly #clock: Pick<Clock, "now">;
  /** When it was accepted: milliseconds since 1970, as all times here. */
  readonly openedAtMs: number;
  messagesReceived = 0;
  /** Of messages; of text UTF-16 units. */
  bytesReceived = 0;
  errorsAnswered = 0;
  #heardAtMs: number;
  #behindSinceMs: number | undefined;
  #pausedSinceMs: number | undefined;
  #runningSinceMs: number | undefined;
  #overRateSinceMs: number | undefined;
  #refusedAtMs = 0;
  #refusedCount = 0;
  #errors: AnsweredError[] | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.openedAtMs = clock.now();
    this.#heardAtMs = this.openedAtMs;
  }

  /** When any frame came last. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** The last ones that it was answered, the newest last. */
  get errors(): readonly AnsweredError[] {
    return this.#errors ?? NO_ERRORS;
  }

  heard(): void {
    this.#heardAtMs = this.#clock.now();
  }

  received(bytes: number): void {
    this.messagesReceived += 1;
    this.bytesReceived += bytes;
  }

  /** Its socket has not taken what it was given; or has taken some of it, and not what is left. */
  fellBehind(): void {
    this.#behindSinceMs = this.#clock.now();
  }

  paused(): void {
    this.#pausedSinceMs = this.#clock.now();
  }

  resumed(): void {
    this.#pausedSinceMs = undefined;
  }

  /** A handler began that has to be waited for. */
  began(): void {
    this.#runningSinceMs = this.#clock.now();
  }

  /** None of its handlers has to be waited for. */
  ended(): void {
    this.#runningSinceMs = undefined;
  }

  /** It said more than it may. */
  wasOverRate(): void {
    const nowMs = this.#clock.now();
    if (this.#overRateSinceMs === undefined || nowMs - this.#refusedAtMs > OVER_RATE_MS) {
      this.#overRateSinceMs = nowMs;
      this.#refusedCount = 0;
    }
    this.#refusedAtMs = nowMs;
    this.#refusedCount += 1;
  }

  answered({ code, message, type }: Omit<AnsweredError, "atMs">): void {
    this.errorsAnswered += 1;
    this.#errors ??= [];
    if (this.#errors.length === KEPT_ERRORS) this.#errors.shift();
    this.#errors.push({ atMs: this.#clock.now(), code: shortened(code), message: shortened(message), type });
  }

  /** What is wrong now, the oldest first. */
  troublesOf(given: TroubleFacts): readonly Trouble[] {
    const troubles = [
      this.#stoppedReading(given),
      this.#overRate(),
      this.#expired(given),
      this.#silent(given),
      this.#waitsForHandlers(given),
      this.#runsLong(given),
    ];
    return troubles.filter((trouble) => trouble !== undefined).sort((a, b) => a.sinceMs - b.sinceMs);
  }

  #stoppedReading({ isBehind, outboxBytes, outboxLimit }: TroubleFacts): Trouble | undefined {
    if (!isBehind || outboxBytes === 0 || !this.#isOlder(this.#behindSinceMs)) return undefined;
    const detail = `${sizeText(outboxBytes)} of ${sizeText(outboxLimit)} wait for its socket.`;
    return { word: "stopped reading", sinceMs: this.#behindSinceMs, detail };
  }

  #overRate(): Trouble | undefined {
    const sinceMs = this.#overRateSinceMs;
    if (sinceMs === undefined || this.#clock.now() - this.#refusedAtMs > OVER_RATE_MS) return undefined;
    const what = this.#refusedCount === 1 ? "One message was" : `${this.#refusedCount} messages were`;
    return { word: "over its rate", sinceMs, detail: `${what} refused with rate_limited.` };
  }

  #expired({ expiresAtMs, expiryGraceMs }: TroubleFacts): Trouble | undefined {
    if (expiresAtMs === undefined || this.#clock.now() < expiresAtMs) return undefined;
    const detail = `It is closed ${expiryGraceMs / 1_000} s after, unless a fresh credential comes.`;
    return { word: "expired", sinceMs: expiresAtMs, detail };
  }

  #silent({ unansweredSinceMs }: TroubleFacts): Trouble | undefined {
    // What it answers where its socket is not read, nobody knows.
    if (this.#pausedSinceMs !== undefined || !this.#isOlder(unansweredSinceMs)) return undefined;
    return { word: "silent", sinceMs: unansweredSinceMs, detail: "It was pinged, and nothing has come since." };
  }

  #waitsForHandlers({ waitingMessages, waitingBytes }: TroubleFacts): Trouble | undefined {
    if (!this.#isOlder(this.#pausedSinceMs)) return undefined;
    const detail = `${waitingMessages} messages, ${sizeText(waitingBytes)}: its socket is read no further.`;
    return { word: "waits for handlers", sinceMs: this.#pausedSinceMs, detail };
  }

  #runsLong({ isBusy }: TroubleFacts): Trouble | undefined {
    if (!isBusy || !this.#isOlder(this.#runningSinceMs)) return undefined;
    return { word: "handler runs long", sinceMs: this.#runningSinceMs, detail: "What follows waits for it." };
  }

  #isOlder(sinceMs: number | undefined): sinceMs is number {
    return sinceMs !== undefined && this.#clock.now() - sinceMs >= PATIENCE_MS;
  }
}

/** It may repeat all that a client sent. A part of a text would keep the whole alive: this is a copy. */
function shortened(text: string): string {
  if (text.length <= KEPT_CHARACTERS) return text;
  return `${structuredClone(text.slice(0, KEPT_CHARACTERS))}…`;
}

/** How a connection stands at present. */
export interface TroubleFacts {
  /** Did its socket not take what it was given at once, when it was given something last? */
  readonly isBehind: boolean;
  readonly outboxBytes: number;
  readonly outboxLimit: number;
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** Does it wait for a handler? */
  readonly isBusy: boolean;
  readonly expiresAtMs: number | undefined;
  readonly expiryGraceMs: number;
  readonly unansweredSinceMs: number | undefined;
}

const NO_ERRORS: readonly AnsweredError[] = [];
