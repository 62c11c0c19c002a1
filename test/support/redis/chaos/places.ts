import type { Place } from "./hearing.js";
import type { Acknowledged } from "./topics.js";

/** What stands where, as all clients and publishers say together: one event in each place. */
export class Places {
  faults: string[] = [];
  readonly #byPlace = new Map<string, string>();
  /** In which epoch something was heard last. */
  readonly #epochs = new Map<string, string>();

  /** From here on what is wrong is another act's. */
  begin(): void {
    this.faults = [];
  }

  heard(topic: string, n: string, { epoch, offset }: Place): void {
    this.#epochs.set(n, epoch);
    const place = `${topic} ${epoch} ${offset}`;
    const other = this.#byPlace.get(place);
    if (other === undefined) this.#byPlace.set(place, n);
    else if (other !== n) this.faults.push(`${place} is ${other} to one, and ${n} to another`);
  }

  /** Of what nobody has heard it is not known. */
  epochOf(n: string): string | undefined {
    return this.#epochs.get(n);
  }

  acknowledged({ topic, n, epoch, offset }: Acknowledged): void {
    if (epoch !== undefined && offset !== undefined) this.heard(topic, n, { epoch, offset });
  }
}
