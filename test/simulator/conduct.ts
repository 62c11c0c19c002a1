import type { Status } from "../../src/client/client.js";
import type { Closed } from "../../src/declare/closed.js";
import { thenAfterClose } from "../../src/protocol/after-close.js";

export interface ConductOptions {
  readonly nowMs: () => number;
  /** Close codes after which it is to dial again. */
  readonly retryOn: readonly number[];
  /** The channels that it subscribed to. */
  readonly subscribed: () => readonly string[];
  readonly violate: (what: string) => void;
}

/** As much of a message as is looked at. */
interface Message {
  readonly type: string;
  readonly payload?: {
    readonly channel?: string;
    readonly heartbeatMs?: number;
    readonly reconnectAfterMs?: number;
  };
}

/**
 * How a client behaves towards a server: what it says first, when it takes the line for dead, and how long it waits before it
 * dials again (PROTOCOL.md, Refusing and closing).
 */
export class Conduct {
  readonly #options: ConductOptions;
  #status: Status = "connecting";
  /** What it says while it hears something. */
  #said: Message[] = [];
  /** When it must have taken the line for dead. */
  #deadAtMs = Number.POSITIVE_INFINITY;
  #patienceMs = 0;
  /** What chance gave it last. */
  #chance = 0;
  #failures = 0;
  #ceilingMs = 0;
  #openSinceMs: number | undefined;
  #drainMs: number | undefined;
  /** On this connection. */
  #hasHeardDrain = false;
  #dialAtMs = 0;
  /** Was it told that the network is there, while it waited? */
  #isCalled = false;

  constructor(options: ConductOptions) {
    this.#options = options;
  }

  drew(chance: number): void {
    this.#chance = chance;
  }

  says(text: string): void {
    this.#said.push(JSON.parse(text) as Message);
  }

  /** @param pass lets the client hear it */
  hears(text: string, pass: () => void): void {
    const { type, payload } = JSON.parse(text) as Message;
    if (type === "drain") {
      this.#drainMs = payload?.reconnectAfterMs;
      this.#hasHeardDrain = true;
    }
    const isGreeting = type === "connected" && this.#status === "connecting";
    if (isGreeting) this.#patienceMs = (payload?.heartbeatMs ?? 0) + PATIENCE_MS;
    this.#deadAtMs = this.#options.nowMs() + this.#patienceMs;
    this.#said = [];
    pass();
    if (isGreeting && this.#status === "open") this.#checkFirstWords();
  }

  /** @param pass tells the client of it */
  hearsOfNetwork(isThere: boolean, pass: () => void): void {
    if (this.#status === "open") this.#deadAtMs = Math.min(this.#deadAtMs, this.#options.nowMs() + PROBE_MS);
    this.#isCalled ||= isThere && this.#status === "waiting";
    pass();
  }

  /** @param retryAtMs when the client says that it dials again */
  became(status: Status, why: Closed | undefined, retryAtMs: number | undefined): void {
    const nowMs = this.#options.nowMs();
    const before = this.#status;
    this.#status = status;
    if (status === "open") {
      this.#openSinceMs = nowMs;
      this.#drainMs = undefined;
    }
    if (status === "waiting" && why !== undefined) this.#checkDelay(why, (retryAtMs || nowMs) - nowMs);
    if (before === "waiting" && status === "connecting") this.#checkDial(nowMs - this.#dialAtMs);
  }

  /** What must be so at any time. */
  check(): void {
    const isDead = this.#options.nowMs() > this.#deadAtMs + ROUNDING_MS;
    if (this.#status === "open" && isDead) this.#options.violate("is open, and has heard nothing for too long");
  }

  /** First it asks for its channels, then it says what waited. */
  #checkFirstWords(): void {
    const isQuestion = ({ type }: Message) => type === "subscribe";
    const said = this.#said.filter(({ type }) => type !== "pong");
    const asked = new Set(said.filter(isQuestion).map(({ payload }) => payload?.channel));
    for (const name of this.#options.subscribed()) {
      if (!asked.has(name)) this.#options.violate(`comes back, and does not ask for ${name}`);
    }
    const other = said.findIndex((message) => !isQuestion(message));
    if (other !== -1 && said.slice(other).some(isQuestion)) {
      this.#options.violate(`says ${said[other]?.type} before it has asked for all of its channels`);
    }
  }

  /** It waits as long as it was told to; else by chance up to a ceiling that doubles, until a connection has lasted. */
  #checkDelay({ code, reason }: Closed, delayMs: number): void {
    const nowMs = this.#options.nowMs();
    const lastsMs = this.#hasHeardDrain ? FIRST_MS : this.#ceilingMs;
    if (this.#openSinceMs !== undefined && nowMs - this.#openSinceMs >= lastsMs) this.#failures = 0;
    this.#hasHeardDrain = false;
    this.#openSinceMs = undefined;
    const isDrained =
      this.#failures === 0 &&
      !this.#options.retryOn.includes(code) &&
      thenAfterClose(code, reason) === "retry-after-drain";
    this.#ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    const dueMs = (isDrained ? this.#drainMs : undefined) ?? this.#chance * this.#ceilingMs;
    if (Math.abs(dueMs - delayMs) > ROUNDING_MS) {
      this.#options.violate(`waits ${delayMs} ms after ${code} ${reason}, and should ${dueMs} ms`);
    }
    this.#dialAtMs = nowMs + dueMs;
    this.#isCalled = false;
  }

  #checkDial(lateMs: number): void {
    const isRight = lateMs <= ROUNDING_MS && (this.#isCalled || lateMs >= -ROUNDING_MS);
    if (!isRight) this.#options.violate(`dials ${lateMs} ms too late`);
  }
}

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Beside a heartbeat's time. */
const PATIENCE_MS = 10_000;
/** So long a line may be silent once the network has changed. */
const PROBE_MS = 5_000;
/** Sums of fractions. */
const ROUNDING_MS = 0.01;
