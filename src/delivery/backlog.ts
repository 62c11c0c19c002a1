import { Queue } from "../base/queue.js";
import type { Counters } from "../observe/observe.js";
import { Entry } from "./entry.js";
import type { Frame } from "./frame.js";
import type { Lane, LaneListener, LaneOwner } from "./lane.js";

/**
 * Frames that were not given to a socket yet, because it has not taken those before.
 *
 * Here alone something can still be done about them: a channel's `overflow` decides which of its events stay.
 */
export class Backlog {
  readonly #outbox: LaneListener;
  readonly #limit: number;
  readonly #counters: Counters;
  /** Oldest first. */
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;
  #ofLanes: WeakMap<Lane, OfLane> | undefined;

  /** @param limit bytes that may wait, those that the socket was given included */
  constructor(outbox: LaneListener, limit: number, counters: Counters) {
    this.#outbox = outbox;
    this.#limit = limit;
    this.#counters = counters;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /**
   * Lets it wait, or does what its channel says. False where the connection must be closed for it.
   *
   * @param socketBytes what the socket was given and has not taken
   */
  add(entry: Entry, socketBytes: number): boolean {
    const { lane } = entry;
    if (lane !== undefined && !entry.isEssential) return this.#addEvent(entry, lane, socketBytes);
    if (!this.#fits(entry.frame, socketBytes, entry.isEssential ? 2 * this.#limit : this.#limit)) return false;
    this.#push(entry);
    return true;
  }

  /** Takes out what comes next: so many bytes, but one at least. */
  take(maxBytes: number): readonly Entry[] {
    const taken: Entry[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      const { entry } = waiting;
      if (taken.length > 0 && bytes + entry.frame.length > maxBytes) break;
      taken.push(entry);
      bytes += entry.frame.length;
      this.#drop(waiting);
      this.#forget(waiting);
    }
    return taken;
  }

  #addEvent(entry: Entry, lane: Lane, socketBytes: number): boolean {
    const { overflow } = lane;
    const latestOf = overflow === "keep-latest" ? entry.mark?.latestOf : undefined;
    if (latestOf !== undefined) this.#conflate(this.#ofLane(lane).byWord.get(latestOf));
    let fits = this.#fits(entry.frame, socketBytes, this.#limit);
    if (!fits && typeof overflow === "object") {
      if (overflow.drop === "oldest") fits = this.#makeRoom(lane, overflow.gap, entry.frame, socketBytes);
      if (!fits) {
        this.#counters.eventsDropped += 1;
        if (overflow.drop === "newest") this.#counters.newestDropped += 1;
        return this.#sayGap(lane, overflow.gap, entry.sequence, socketBytes);
      }
    }
    if (!fits && overflow === "catch-up" && entry.mark !== undefined) {
      lane.fallBehind(this.#outbox, entry.mark);
      return true;
    }
    if (!fits) return false;
    const waiting = this.#push(entry);
    if (overflow === "disconnect" || overflow === "catch-up") return true;
    const ofLane = this.#ofLane(lane);
    ofLane.endsWithGap = false;
    if (latestOf !== undefined) ofLane.byWord.set(latestOf, waiting);
    if (typeof overflow === "object" && overflow.drop === "oldest") ofLane.events.push(waiting);
    return true;
  }

  /** One that is not waiting any more leaves its place to a later one of the same word. */
  #conflate(earlier: Waiting | undefined): void {
    if (earlier === undefined) return;
    this.#counters.eventsConflated += 1;
    this.#drop(earlier);
  }

  /** Drops the lane's oldest until the frame fits. False where that is not enough. */
  #makeRoom(lane: Lane, gap: Frame, frame: Frame, socketBytes: number): boolean {
    const ofLane = this.#ofLane(lane);
    while (!this.#fits(frame, socketBytes, this.#limit)) {
      const oldest = ofLane.events.shift();
      if (oldest === undefined) return false;
      if (oldest.isSent) continue;
      this.#counters.eventsDropped += 1;
      // Nothing of the lane is left behind the gap.
      ofLane.endsWithGap = ofLane.events.size === 0;
      if (ofLane.gap?.isSent === false) {
        // All that follow in this lane come behind that gap, and so do those that are dropped next.
        this.#drop(oldest);
        continue;
      }
      this.#bytes += gap.length - oldest.entry.frame.length;
      oldest.entry = gapEntry(gap, oldest.entry.sequence);
      ofLane.gap = oldest;
      this.#counters.gaps += 1;
    }
    return true;
  }

  #sayGap(lane: Lane, gap: Frame, sequence: number, socketBytes: number): boolean {
    const ofLane = this.#ofLane(lane);
    // One that was sent already says nothing of what is lost now.
    if (ofLane.endsWithGap && ofLane.gap?.isSent === false) return true;
    if (!this.#fits(gap, socketBytes, 2 * this.#limit)) return false;
    ofLane.endsWithGap = true;
    ofLane.gap = this.#push(gapEntry(gap, sequence));
    this.#counters.gaps += 1;
    return true;
  }

  #fits(frame: Frame, socketBytes: number, limit: number): boolean {
    const waiting = socketBytes + this.#bytes;
    return waiting === 0 || waiting + frame.length <= limit;
  }

  #push(entry: Entry): Waiting {
    const waiting = { entry, isSent: false };
    this.#waiting.add(waiting);
    this.#bytes += entry.frame.length;
    return waiting;
  }

  #drop(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#bytes -= waiting.entry.frame.length;
  }

  /** It was sent. */
  #forget(waiting: Waiting): void {
    const { entry } = waiting;
    waiting.isSent = true;
    const ofLane = entry.lane && this.#ofLanes?.get(entry.lane);
    if (ofLane === undefined) return;
    if (ofLane.events.first === waiting) ofLane.events.shift();
    const latestOf = entry.mark?.latestOf;
    if (latestOf !== undefined && ofLane.byWord.get(latestOf) === waiting) ofLane.byWord.delete(latestOf);
  }

  #ofLane(lane: Lane): OfLane {
    this.#ofLanes ??= new WeakMap();
    const owner = lane.ownerOf(this.#outbox);
    const known = this.#ofLanes.get(lane);
    // A gap that was said before it left and came back says nothing of what it loses now.
    if (known !== undefined && known.owner === owner) return known;
    const ofLane: OfLane = { owner, events: new Queue(), byWord: new Map(), gap: undefined, endsWithGap: false };
    this.#ofLanes.set(lane, ofLane);
    return ofLane;
  }
}

interface Waiting {
  /** A gap may take its place. */
  entry: Entry;
  isSent: boolean;
}

interface OfLane {
  readonly owner: LaneOwner | undefined;
  /** Oldest first, for a lane that drops. */
  readonly events: Queue<Waiting>;
  /** For a lane that keeps the latest. */
  readonly byWord: Map<string, Waiting>;
  /** The latest gap that was said. */
  gap: Waiting | undefined;
  /** Nothing came behind that gap yet. */
  endsWithGap: boolean;
}

function gapEntry(gap: Frame, sequence: number): Entry {
  return new Entry(sequence, gap, undefined, undefined, undefined, true);
}
