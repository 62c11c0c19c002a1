import { Heap, type HeapEntry } from "../base/heap.js";
import type { Revocation } from "../broker/broker.js";

export interface RevocationsOptions {
  /** 1 or more. */
  readonly maxCount: number;
  /** Told when so many that still hold had to go: what they refused is let in again. */
  readonly onForgotten: (count: number) => void;
}

/** What is asked about: who presents it, and what it tells of itself. */
export interface RevocableCredential {
  readonly user: string;
  readonly tokenId: string | undefined;
  readonly issuedAtMs: number | undefined;
}

/**
 * What was revoked and has not expired, of bounded number: the oldest is forgotten first.
 *
 * An expired one refuses nobody. It leaves when its place is needed, before any that still holds.
 */
export class Revocations {
  readonly #options: RevocationsOptions;
  /** By key, the oldest first. */
  readonly #held = new Map<string, HeldRevocation>();
  readonly #byExpiry = new Heap<HeldRevocation>((a, b) => a.untilMs < b.untilMs);
  #newestSeenMs = Number.NEGATIVE_INFINITY;
  #added = 0;

  constructor(options: RevocationsOptions) {
    this.#options = options;
  }

  /** A repeat replaces, and becomes the newest. */
  add(revocation: Revocation): void {
    // Whoever revokes says what time it is, which is the time by which others make room.
    this.#see(revocation.revokedAtMs);
    const key = "user" in revocation ? userKey(revocation.user) : tokenKey(revocation.tokenId);
    const { revokedAtMs, untilMs = Number.POSITIVE_INFINITY } = revocation;
    this.#added += 1;
    this.#drop(this.#held.get(key));
    const held = { key, number: this.#added, revokedAtMs, untilMs, index: undefined };
    this.#held.set(key, held);
    this.#byExpiry.add(held);
    // With the new one among them: where it has expired already, no other has to go for it.
    if (this.#held.size > this.#options.maxCount) this.#makeRoom();
  }

  /**
   * Is this credential refused? By its `tokenId`, or by its user where it was issued when that was revoked or before.
   *
   * A JWT's `iat` has whole seconds: one issued in the second of the revocation, be it after, is refused.
   */
  covers(credential: RevocableCredential, nowMs: number): boolean {
    this.#see(nowMs);
    const { user, tokenId, issuedAtMs } = credential;
    if (tokenId !== undefined && this.#find(tokenKey(tokenId), nowMs) !== undefined) return true;
    if (issuedAtMs === undefined) return false;
    const ofUser = this.#find(userKey(user), nowMs);
    return ofUser !== undefined && issuedAtMs <= ofUser.revokedAtMs;
  }

  /** How many were added so far. */
  get added(): number {
    return this.#added;
  }

  /** Was all of this user's revoked after so many had been added? */
  isNewerThan(added: number, user: string): boolean {
    return (this.#held.get(userKey(user))?.number ?? 0) > added;
  }

  /** How many are kept, with the expired ones whose place was not needed yet. */
  get size(): number {
    return this.#held.size;
  }

  #find(key: string, nowMs: number): HeldRevocation | undefined {
    const held = this.#held.get(key);
    return held !== undefined && held.untilMs > nowMs ? held : undefined;
  }

  #makeRoom(): void {
    for (const { key } of this.#byExpiry.takeWhile(({ untilMs }) => untilMs <= this.#newestSeenMs)) {
      this.#held.delete(key);
    }
    if (this.#held.size <= this.#options.maxCount) return;
    const [oldest] = this.#held.values();
    this.#drop(oldest);
    this.#options.onForgotten(1);
  }

  #drop(held: HeldRevocation | undefined): void {
    if (held === undefined) return;
    this.#held.delete(held.key);
    this.#byExpiry.remove(held);
  }

  #see(nowMs: number): void {
    if (nowMs > this.#newestSeenMs) this.#newestSeenMs = nowMs;
  }
}

const userKey = (user: string): string => `user ${user}`;
const tokenKey = (tokenId: string): string => `token ${tokenId}`;

interface HeldRevocation extends HeapEntry {
  readonly key: string;
  /** Of all that were added. */
  readonly number: number;
  readonly revokedAtMs: number;
  readonly untilMs: number;
}
