import { ErrorReply } from "redis";
import { isAway, wasNotDone } from "./servers.js";
import type { Settings } from "./settings.js";

/**
 * What Redis, though it is there, answers with an error, such as what a script of ours should not have asked for.
 *
 * Whoever asked is told `unavailable` and no more, so that it is no outage is told here: once in a minute of all that ask for
 * the same, since a client may ask again and again.
 */
export class Refusals {
  readonly #onError: Settings["onError"];
  readonly #now: () => number;
  /** What was asked for → until when it is not told again. */
  readonly #quietUntilMs = new Map<string, number>();

  constructor(onError: Settings["onError"], now: () => number = () => performance.now()) {
    this.#onError = onError;
    this.#now = now;
  }

  /** Gives what was asked for. */
  async of<Answer>(what: string, asked: Promise<Answer>): Promise<Answer> {
    try {
      return await asked;
    } catch (error) {
      if (isRefusal(error)) this.#tell(what, error);
      throw error;
    }
  }

  #tell(what: string, error: unknown): void {
    const nowMs = this.#now();
    if (nowMs < (this.#quietUntilMs.get(what) ?? Number.NEGATIVE_INFINITY)) return;
    this.#quietUntilMs.set(what, nowMs + QUIET_MS);
    this.#onError(error, what);
  }
}

/** A state that passes, or that keeps Redis from taking anything, is an outage, and told as one. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof ErrorReply && !isAway(error) && !wasNotDone(error);
}

const QUIET_MS = 60_000;
