import { type Acknowledged, isByClient, isKept } from "./topics.js";

export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

/**
 * What one client heard of one topic in one act, held against the promise: each event once and in order, and where one is
 * missing, a gap in its place.
 */
export class Hearing {
  readonly topic: string;
  /** What was not as promised. */
  readonly faults: string[] = [];
  readonly #isKept: boolean;
  /** Its own, from event to event and gap to gap; undefined: it was never told of one. */
  #position: Place | undefined;
  /** Where the server says that it is. */
  #told: Place | undefined;
  /** What it heard, and in which life of the stream. */
  readonly #heard = new Map<string, string>();
  readonly #gaps: Gap[] = [];
  readonly #epochs = new Set<string>();

  /** @param position where the client stands as it begins */
  constructor(topic: string, position: Place | undefined) {
    this.topic = topic;
    this.#isKept = isKept(topic);
    this.#told = position;
    this.#moveTo(position);
  }

  get position(): Place | undefined {
    return this.#position;
  }

  /** Where the server has said last that it is. */
  get epoch(): string | undefined {
    return this.#told?.epoch;
  }

  get gaps(): number {
    return this.#gaps.length;
  }

  /** From where to where, in words. */
  get gapsInWords(): string {
    return this.#gaps.map(({ from, to }) => `${inWords(from)} to ${inWords(to)}`).join(", ");
  }

  /** The server names a place, and the client is about to be told why. */
  placed(place: Place): void {
    this.#told = place;
    // The first place of all is nothing that anybody is told of.
    if (this.#position === undefined) this.#moveTo(place);
  }

  gap(offset: number | undefined): void {
    const [from, to] = [this.#position, this.#told];
    if (this.#isKept && offset !== to?.offset) this.#fail(`a gap up to ${offset}, where the server said ${to?.offset}`);
    this.#gaps.push({ from, to });
    this.#moveTo(to);
  }

  event(n: string, offset: number | undefined): void {
    const epoch = this.#told?.epoch ?? "";
    // Without history it is not told of lives, and what begins one is a gap.
    const life = this.#isKept ? epoch : String(this.#gaps.length);
    // What a client repeats by its key, in a memory that has lost both, is there once more.
    const isRepeat = isByClient(n) && this.#heard.get(n) !== life;
    if (this.#heard.has(n) && !isRepeat) this.#fail(`${n} is heard twice`);
    this.#heard.set(n, life);
    if (!this.#isKept) return;
    const before = this.#position;
    if (before?.epoch !== epoch) this.#fail(`${n} is of ${epoch}, and no gap has led there from ${before?.epoch}`);
    else if (offset !== before.offset + 1) this.#fail(`${n} is heard at ${offset}, behind ${before.offset}`);
    this.#moveTo({ epoch, offset: offset ?? 0 });
  }

  /** Was it heard itself? */
  hasHeard({ n }: Acknowledged): boolean {
    return this.#heard.has(n);
  }

  /** Was it heard, or is there a gap where it would be? */
  accountsFor(acknowledged: Acknowledged): boolean {
    return this.hasHeard(acknowledged) || this.#gaps.some((gap) => this.#isIn(gap, acknowledged));
  }

  #isIn({ from, to }: Gap, { epoch, offset }: Acknowledged): boolean {
    if (!this.#isKept || epoch === undefined || offset === undefined || from === undefined || to === undefined)
      return true;
    if (from.epoch === to.epoch) return epoch === from.epoch && from.offset < offset && offset <= to.offset;
    if (epoch === from.epoch) return offset > from.offset;
    if (epoch === to.epoch) return offset <= to.offset;
    // A life of the stream that began and ended while it was away.
    return !this.#epochs.has(epoch);
  }

  #moveTo(place: Place | undefined): void {
    this.#position = place;
    if (place !== undefined) this.#epochs.add(place.epoch);
  }

  #fail(what: string): void {
    this.faults.push(what);
  }
}

interface Gap {
  readonly from: Place | undefined;
  readonly to: Place | undefined;
}

function inWords(place: Place | undefined): string {
  return place === undefined ? "nowhere" : `${place.epoch} ${place.offset}`;
}
