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
  readonly #expiries = new ExpiryQueue();
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
    this.#drop(this.#held.get(key));
    const { revokedAtMs, untilMs } = revocation;
    this.#added += 1;
    const held: HeldRevocation = {
      key,
      number: this.#added,
      revokedAtMs,
      untilMs: untilMs ?? Number.POSITIVE_INFINITY,
      isDropped: false,
    };
    this.#held.set(key, held);
    if (untilMs !== undefined) this.#expiries.add(held);
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
    for (const expired of this.#expiries.takeUntil(this.#newestSeenMs)) this.#drop(expired);
    if (this.#held.size <= this.#options.maxCount) return;
    const [oldest] = this.#held.values();
    this.#drop(oldest);
    this.#options.onForgotten(1);
  }

  #drop(held: HeldRevocation | undefined): void {
    if (held === undefined) return;
    this.#held.delete(held.key);
    held.isDropped = true;
    this.#expiries.clean(this.#held.size);
  }

  #see(nowMs: number): void {
    if (nowMs > this.#newestSeenMs) this.#newestSeenMs = nowMs;
  }
}

const userKey = (user: string): string => `user ${user}`;
const tokenKey = (tokenId: string): string => `token ${tokenId}`;

interface HeldRevocation {
  readonly key: string;
  /** Of all that were added. */
  readonly number: number;
  readonly revokedAtMs: number;
  readonly untilMs: number;
  isDropped: boolean;
}

/**
 * Which expires first, as a binary heap: a sweep would look at all of them for each that expires.
 *
 * One that was dropped meanwhile stays until it is met, or until such are the most.
 */
class ExpiryQueue {
  #heap: HeldRevocation[] = [];

  add(held: HeldRevocation): void {
    let index = this.#heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || parent.untilMs <= held.untilMs) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = held;
  }

  /** Takes out those that have expired and were not dropped. */
  takeUntil(nowMs: number): HeldRevocation[] {
    const taken: HeldRevocation[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.untilMs <= nowMs; first = this.#heap[0]) {
      this.#removeFirst();
      if (!first.isDropped) taken.push(first);
    }
    return taken;
  }

  /** Lets go of the dropped ones where they outnumber the `heldCount` that are held. */
  clean(heldCount: number): void {
    if (this.#heap.length <= 2 * heldCount + KEPT_DROPPED) return;
    // What is sorted is a heap.
    this.#heap = this.#heap.filter((held) => !held.isDropped).sort((a, b) => a.untilMs - b.untilMs);
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (let child = this.#firstChild(index); ; child = this.#firstChild(index)) {
      const held = child === undefined ? undefined : this.#heap[child];
      if (child === undefined || held === undefined || held.untilMs >= last.untilMs) break;
      this.#heap[index] = held;
      index = child;
    }
    this.#heap[index] = last;
  }

  #firstChild(index: number): number | undefined {
    const left = this.#heap[2 * index + 1];
    const right = this.#heap[2 * index + 2];
    if (left === undefined) return undefined;
    return right !== undefined && right.untilMs < left.untilMs ? 2 * index + 2 : 2 * index + 1;
  }
}

const KEPT_DROPPED = 16;
