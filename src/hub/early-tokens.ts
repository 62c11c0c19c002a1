/** A token that says it was issued later than it was seen: its issuer's clock is fast. */
export interface EarlyToken {
  readonly user: string;
  /** By which it is refused alone. */
  readonly name: string;
  /** Milliseconds since 1970, as the rest. */
  readonly seenAtMs: number;
  /** As it says. */
  readonly issuedAtMs: number;
  /** When it expires; undefined: never. */
  readonly untilMs: number | undefined;
}

/**
 * The early tokens that were seen here, each until it is as late as it says, from when on its user's revocation covers it, and for a
 * while longer: a revocation may be told late. Of bounded number: the oldest is forgotten first.
 */
export class EarlyTokens {
  readonly #maxCount: number;
  /** By user and name, in the order in which they were seen first. */
  readonly #held = new Map<string, EarlyToken>();

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** One that is known was seen when it was seen first. */
  add(token: EarlyToken): void {
    const key = `${token.user} ${token.name}`;
    if (this.#held.has(key)) return;
    for (const [oldest, { issuedAtMs }] of this.#held) {
      if (issuedAtMs + LATE_MS > token.seenAtMs && this.#held.size < this.#maxCount) break;
      this.#held.delete(oldest);
    }
    this.#held.set(key, token);
  }

  /** This user's that were seen until then, and say that they were issued later. */
  of(user: string, revokedAtMs: number): readonly EarlyToken[] {
    return [...this.#held.values()].filter((token) => {
      return token.user === user && token.seenAtMs <= revokedAtMs && token.issuedAtMs > revokedAtMs;
    });
  }

  get size(): number {
    return this.#held.size;
  }
}

/** What a process is told later than this, it is told of the past. */
const LATE_MS = 5 * 60_000;
