import type { KeptEvent, Subject } from "./broker.js";

/** An event, and how long and at what cost it is kept. */
export interface Kept extends KeptEvent {
  /** About, with all that it takes up in memory. */
  readonly bytes: number;
  readonly untilMs: number;
  readonly subject: Subject | undefined;
}

/**
 * Events by rising offset, one for each subject: new ones come at the end, most go at the beginning, and any page is found
 * at once.
 */
export class KeptEvents {
  #events: Kept[] = [];
  /** Those in front of it are gone. */
  #first = 0;
  #bytes = 0;
  /** Subject → its event. */
  readonly #subjects = new Map<string, Kept>();
  /** Those with which a subject has ended, oldest first. */
  readonly #ends = new Set<Kept>();

  get length(): number {
    return this.#events.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Kept | undefined {
    return this.#events[this.#first];
  }

  /**
   * What goes where there are too many: the oldest end, or the oldest of all where nothing has ended. The newest never goes
   * for another: whoever said it would say it in vain.
   */
  get nextToGo(): Kept | undefined {
    const [end] = this.#ends;
    return end === undefined || end === this.#events.at(-1) ? this.oldest : end;
  }

  /** The one about this. */
  about(subject: Subject): Kept | undefined {
    return this.#subjects.get(subject.name);
  }

  /** It takes the place of the one about the same. */
  push(event: Kept): void {
    const { subject } = event;
    if (subject !== undefined) {
      const replaced = this.about(subject);
      if (replaced !== undefined) this.drop(replaced);
      this.#subjects.set(subject.name, event);
      if (subject.part === "last") this.#ends.add(event);
    }
    this.#events.push(event);
    this.#bytes += event.bytes;
  }

  /** It must be one of these. */
  drop(event: Kept): void {
    if (event.subject !== undefined) this.#subjects.delete(event.subject.name);
    this.#ends.delete(event);
    this.#bytes -= event.bytes;
    if (event !== this.oldest) {
      this.#events.splice(this.#first + this.countUpTo(event.offset) - 1, 1);
      return;
    }
    this.#first += 1;
    // To cut one off each time would copy all the others.
    if (this.#first * 2 <= this.#events.length) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }

  clear(): void {
    this.#events = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#subjects.clear();
    this.#ends.clear();
  }

  /** Oldest first. */
  get all(): readonly Kept[] {
    return this.#events.slice(this.#first);
  }

  /** From a place on, until another: counted from the oldest. */
  slice(from: number, to: number): readonly KeptEvent[] {
    const events = this.#events.slice(this.#first + from, this.#first + to);
    return events.map(({ offset, type, payloadJson }) => ({ offset, type, payloadJson }));
  }

  /** How many have this offset at most. Offsets rise, so each look halves what is left. */
  countUpTo(offset: number): number {
    let [low, high] = [this.#first, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.offset ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - this.#first;
  }
}
