import { PUBLISH_KEY_TTL_MS } from "../protocol/names.js";
import type { BrokerEvent, HistoryPage, HistoryRange, KeptEvent, Position, Publication, Subject } from "./broker.js";
import { type Kept, KeptEvents } from "./kept-events.js";
import { cutToBytes } from "./page-bytes.js";
import { type InUseOrder, UseOrder } from "./use-order.js";

/** The events of one channel, in one order, as long as nothing of it is lost: then it begins anew, with another epoch. */
export class Stream {
  #epoch: string;
  #offset = 0;
  readonly #kept = new KeptEvents();
  /** The newest event that is missing: it was not to be kept, or not any longer. */
  #missing = 0;
  /** Was anything ever to be kept? Then its position is remembered. */
  #isRemembered = false;
  readonly #keys = new Map<string, UsedKey>();
  #keyOrder = new UseOrder<UsedKey>();
  #keyBytes = 0;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** As it was when it was left, in a broker that goes on with it. */
  static restored(state: StreamState, nowMs: number): Stream {
    const stream = new Stream(state.epoch);
    stream.#offset = state.offset;
    stream.#missing = state.missing;
    stream.#isRemembered = state.isRemembered;
    for (const { forMs, subject, ...rest } of state.events) {
      const event = { ...rest, subject };
      stream.#kept.push({ ...event, bytes: bytesOfEvent(event), untilMs: nowMs + forMs });
    }
    for (const { key, offset, sinceMs } of state.keys) stream.#noteKey({ key, offset, atMs: nowMs - sinceMs });
    return stream;
  }

  get position(): Position {
    return { epoch: this.#epoch, offset: this.#offset };
  }

  /** About how many bytes its memory takes up: of one that keeps nothing and knows no keys there is none. */
  get bytes(): number {
    const own = this.#isRemembered || this.#keys.size > 0 ? STREAM_BYTES : 0;
    return own + this.#kept.bytes + this.#keyBytes;
  }

  /** The position of what it repeats: the first publish with this key, or the last event about its subject. */
  findRepeat({ key, keep }: Publication, nowMs: number): Position | undefined {
    const subject = keep?.subject;
    if (key === undefined && subject === undefined) return undefined;
    this.#forgetOld(nowMs);
    const first = key === undefined ? undefined : this.#keys.get(key);
    const last = subject === undefined || subject.part === "first" ? undefined : this.#kept.about(subject);
    const repeated = first ?? (last?.subject?.part === "last" ? last : undefined);
    return repeated && { epoch: this.#epoch, offset: repeated.offset };
  }

  /** Takes the next event. */
  append(publication: Publication, nowMs: number): BrokerEvent {
    // First: what is over makes room for it before anything else does.
    this.#forgetOld(nowMs);
    this.#offset += 1;
    const event = { ...publication, epoch: this.#epoch, offset: this.#offset };
    const { key, keep, type, payloadJson } = publication;
    if (key !== undefined) this.#noteKey({ key, offset: event.offset, atMs: nowMs });
    if (keep === undefined) {
      this.#missing = event.offset;
    } else {
      const { size, ttlMs, subject } = keep;
      this.#isRemembered = true;
      const kept = { offset: event.offset, type, payloadJson, subject };
      this.#kept.push({ ...kept, bytes: bytesOfEvent(kept), untilMs: nowMs + ttlMs });
      while (this.#kept.length > size) this.#drop(this.#kept.nextToGo);
    }
    return event;
  }

  read({ after, before, limit, bytes }: HistoryRange, nowMs: number): HistoryPage {
    this.#forgetOld(nowMs);
    const kept = this.#kept;
    const from = after === undefined ? 0 : kept.countUpTo(after);
    const to = Math.max(from, before === undefined ? kept.length : kept.countUpTo(before - 1));
    const found =
      after === undefined ? kept.slice(Math.max(from, to - limit), to) : kept.slice(from, Math.min(to, from + limit));
    const events = cutToBytes(found, { after, bytes });
    return { ...this.position, events, isComplete: this.#isComplete(after, before) };
  }

  /** All that another broker needs to go on with it. */
  state(nowMs: number): StreamState {
    this.#forgetOld(nowMs);
    const events = this.#kept.all.map(({ offset, type, payloadJson, subject, untilMs }) => {
      return { offset, type, payloadJson, subject, forMs: untilMs - nowMs };
    });
    // Each is used once, so these are in the order of their use.
    const keys = [...this.#keys.values()].map(({ key, offset, atMs }) => ({ key, offset, sinceMs: nowMs - atMs }));
    return { ...this.position, missing: this.#missing, isRemembered: this.#isRemembered, events, keys };
  }

  /** Everything is lost: what comes is of another epoch. */
  restart(epoch: string): void {
    this.#epoch = epoch;
    this.#offset = 0;
    this.#missing = 0;
    this.#kept.clear();
    this.#isRemembered = false;
    this.#keys.clear();
    this.#keyOrder = new UseOrder();
    this.#keyBytes = 0;
  }

  /** Is nothing missing behind `after`, or is that the position of the newest? */
  #isComplete(after: number | undefined, before: number | undefined): boolean {
    if (after === undefined) return true;
    const end = Math.min(this.#offset, (before ?? Number.POSITIVE_INFINITY) - 1);
    return after >= end || after >= this.#missing;
  }

  #noteKey(use: Pick<UsedKey, "key" | "offset" | "atMs">): void {
    const used = { ...use, older: undefined, newer: undefined };
    this.#keys.set(used.key, used);
    this.#keyOrder.use(used);
    this.#keyBytes += bytesOfKey(used.key);
  }

  #drop(event: Kept | undefined): void {
    if (event === undefined) return;
    // One that ended goes before an older one that did not.
    this.#missing = Math.max(this.#missing, event.offset);
    this.#kept.drop(event);
  }

  #forgetOld(nowMs: number): void {
    for (let { oldest } = this.#kept; oldest !== undefined && oldest.untilMs <= nowMs; { oldest } = this.#kept) {
      this.#drop(oldest);
    }
    this.#forgetOldKeys(nowMs);
  }

  #forgetOldKeys(nowMs: number): void {
    for (let { oldest } = this.#keyOrder; oldest !== undefined; { oldest } = this.#keyOrder) {
      if (oldest.atMs + PUBLISH_KEY_TTL_MS > nowMs) return;
      this.#keyOrder.delete(oldest);
      this.#keys.delete(oldest.key);
      this.#keyBytes -= bytesOfKey(oldest.key);
    }
  }
}

/** A stream as it is handed on to another broker, as JSON has it. Times are distances: clocks begin anew. */
export interface StreamState extends Position {
  readonly missing: number;
  readonly isRemembered: boolean;
  /** Oldest first, each with how long it is still kept. */
  readonly events: readonly (KeptEvent & { readonly subject?: Subject | undefined; readonly forMs: number })[];
  /** Oldest first. */
  readonly keys: readonly { readonly key: string; readonly offset: number; readonly sinceMs: number }[];
}

/** The key of a publish, and where that stands. */
interface UsedKey extends InUseOrder<UsedKey> {
  readonly key: string;
  readonly offset: number;
  readonly atMs: number;
}

// What each takes up beside its texts, about.
const STREAM_BYTES = 512;
const EVENT_BYTES = 128;
const KEY_BYTES = 256;

function bytesOfEvent({ type, payloadJson, subject }: Pick<Kept, "type" | "payloadJson" | "subject">): number {
  return EVENT_BYTES + 2 * (type.length + payloadJson.length + (subject?.name.length ?? 0));
}

function bytesOfKey(key: string): number {
  return KEY_BYTES + 2 * key.length;
}
