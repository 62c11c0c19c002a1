import type { BrokerEvent, HistoryPage, HistoryRange, KeptEvent, Position, Publication } from "./broker.js";

/** How long the key of a publish is remembered (PROTOCOL.md, What a client may send). */
const KEY_TTL_MS = 300_000;

/** The events of one channel, in one order, as long as nothing of it is lost: then it begins anew, with another epoch. */
export class Stream {
  #epoch: string;
  #offset = 0;
  /** Oldest first. */
  #kept: Kept[] = [];
  #keptBytes = 0;
  /** Was anything ever to be kept? Then its position is remembered. */
  #isRemembered = false;
  /** Key → position, oldest first. */
  readonly #keys = new Map<string, { readonly offset: number; readonly atMs: number }>();

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  get position(): Position {
    return { epoch: this.#epoch, offset: this.#offset };
  }

  /** About how many bytes its memory takes up: of one that keeps nothing and knows no keys there is none. */
  get bytes(): number {
    const own = this.#isRemembered || this.#keys.size > 0 ? STREAM_BYTES : 0;
    return own + this.#keptBytes + KEY_BYTES * this.#keys.size;
  }

  /** The position of the first publish with this key, where it is still remembered. */
  findRepeat({ key }: Publication, nowMs: number): Position | undefined {
    if (key === undefined) return undefined;
    this.#forgetOldKeys(nowMs);
    const first = this.#keys.get(key);
    return first && { epoch: this.#epoch, offset: first.offset };
  }

  /** Takes the next event. */
  append(publication: Publication, nowMs: number): BrokerEvent {
    this.#offset += 1;
    const event = { ...publication, epoch: this.#epoch, offset: this.#offset };
    const { key, keep, type, payloadJson } = publication;
    if (key !== undefined) this.#keys.set(key, { offset: event.offset, atMs: nowMs });
    if (keep !== undefined) {
      this.#isRemembered = true;
      const bytes = EVENT_BYTES + 2 * (type.length + payloadJson.length);
      this.#kept.push({ offset: event.offset, type, payloadJson, bytes, untilMs: nowMs + keep.ttlMs });
      this.#keptBytes += bytes;
      this.#drop(this.#kept.length - keep.size);
    }
    this.#forgetOld(nowMs);
    return event;
  }

  read({ after, before, limit }: HistoryRange, nowMs: number): HistoryPage {
    this.#forgetOld(nowMs);
    const wanted = this.#kept.filter(
      ({ offset }) => (after === undefined || offset > after) && (before === undefined || offset < before),
    );
    const events = after === undefined ? wanted.slice(Math.max(0, wanted.length - limit)) : wanted.slice(0, limit);
    return { ...this.position, events: events.map(toKeptEvent), isComplete: this.#isComplete(after, before) };
  }

  /** Everything is lost: what comes is of another epoch. */
  restart(epoch: string): void {
    this.#epoch = epoch;
    this.#offset = 0;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#isRemembered = false;
    this.#keys.clear();
  }

  /** Is nothing behind `after` missing: is it the position of the newest, or is the next one kept? */
  #isComplete(after: number | undefined, before: number | undefined): boolean {
    if (after === undefined) return true;
    const end = Math.min(this.#offset, (before ?? Number.POSITIVE_INFINITY) - 1);
    const [oldest] = this.#kept;
    return after >= end || (oldest !== undefined && oldest.offset <= after + 1);
  }

  #forgetOld(nowMs: number): void {
    const firstYoung = this.#kept.findIndex(({ untilMs }) => untilMs > nowMs);
    this.#drop(firstYoung === -1 ? this.#kept.length : firstYoung);
    this.#forgetOldKeys(nowMs);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const { bytes } of this.#kept.splice(0, count)) this.#keptBytes -= bytes;
  }

  #forgetOldKeys(nowMs: number): void {
    for (const [key, { atMs }] of this.#keys) {
      if (atMs + KEY_TTL_MS > nowMs) return;
      this.#keys.delete(key);
    }
  }
}

interface Kept extends KeptEvent {
  readonly bytes: number;
  readonly untilMs: number;
}

// What each takes up beside its texts, about.
const STREAM_BYTES = 512;
const EVENT_BYTES = 128;
const KEY_BYTES = 256;

function toKeptEvent({ offset, type, payloadJson }: Kept): KeptEvent {
  return { offset, type, payloadJson };
}
