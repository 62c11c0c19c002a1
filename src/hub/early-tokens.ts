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
 * The early tokens that were seen here, each until it is as late as it says: from then on its user's revocation covers it.
 * Of bounded number: the oldest is forgotten first.
 */
export class EarlyTokens {
  readonly #maxCount: number;
  /** By name, in the order in which they were seen first. */
  readonly #held = new Map<string, EarlyToken>();

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** One that is known was seen when it was seen first. */
  add(token: EarlyToken): void {
    if (this.#held.has(token.name)) return;
    for (const { name, issuedAtMs } of this.#held.values()) {
      if (issuedAtMs > token.seenAtMs && this.#held.size < this.#maxCount) break;
      this.#held.delete(name);
    }
    this.#held.set(token.name, token);
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
