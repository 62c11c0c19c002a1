import type { KeptEvent } from "./broker.js";

/** An event, and how long and at what cost it is kept. */
export interface Kept extends KeptEvent {
  /** About, with all that it takes up in memory. */
  readonly bytes: number;
  readonly untilMs: number;
}

/** Events by rising offset: new ones come at the end, old ones go at the beginning, and any page is found at once. */
export class KeptEvents {
  #events: Kept[] = [];
  /** Those in front of it are gone. */
  #first = 0;
  #bytes = 0;

  get length(): number {
    return this.#events.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Kept | undefined {
    return this.#events[this.#first];
  }

  push(event: Kept): void {
    this.#events.push(event);
    this.#bytes += event.bytes;
  }

  dropOldest(): void {
    this.#bytes -= this.oldest?.bytes ?? 0;
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
