import { createDecoder, readVarString, readVarUint } from "lib0/decoding";
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from "lib0/encoding";

/** Bytes of what one page may say of itself, as JSON. */
const STATE_BYTES = 1_024;

interface Person {
  /** Whose it is. Nobody else can change it. */
  readonly owner: object;
  readonly clock: number;
  readonly state: string;
}

/**
 * Who has a document open and where their cursors are, by the number of their copy of it: Yjs calls it awareness.
 *
 * One connection speaks for one copy, and under the name that the server knows it by.
 */
export class People {
  readonly #people = new Map<number, Person>();

  /**
   * What is to be told on of what a page says; undefined where it is nothing.
   *
   * @throws where it is not what the protocol says
   */
  hear(owner: object, update: Uint8Array, name: string): Uint8Array | undefined {
    const decoder = createDecoder(update);
    for (let left = readVarUint(decoder); left > 0; left -= 1) {
      const [id, clock, text] = [readVarUint(decoder), readVarUint(decoder), readVarString(decoder)];
      // A page says again what it has heard of others: that is known better here.
      if (!this.#isOwn(owner, id)) continue;
      const state = named(text, name);
      if (state === "null") this.#people.delete(id);
      else this.#people.set(id, { owner, clock, state });
      return encode([[id, { clock, state }]]);
    }
    return undefined;
  }

  /** That they are gone, for the others; undefined where they never said that they were there. */
  leave(owner: object): Uint8Array | undefined {
    const own = [...this.#people].filter(([, person]) => person.owner === owner);
    for (const [id] of own) this.#people.delete(id);
    return own.length === 0 ? undefined : encode(own.map(([id, { clock }]) => [id, { clock, state: "null" }]));
  }

  /** Everybody, for who arrives. */
  all(): Uint8Array {
    return encode([...this.#people]);
  }

  #isOwn(owner: object, id: number): boolean {
    const known = this.#people.get(id);
    if (known !== undefined) return known.owner === owner;
    return ![...this.#people.values()].some((person) => person.owner === owner);
  }
}

/** A state with the server's word on who it is. @throws where it is none */
function named(text: string, name: string): string {
  if (text.length > STATE_BYTES) throw new RangeError("More than a page may say of itself.");
  const state: unknown = JSON.parse(text);
  if (state === null) return "null";
  if (typeof state !== "object") throw new TypeError("No state.");
  const user = "user" in state && typeof state.user === "object" ? state.user : {};
  return JSON.stringify({ ...state, user: { ...user, name } });
}

function encode(people: readonly (readonly [number, Pick<Person, "clock" | "state">])[]): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, people.length);
  for (const [id, { clock, state }] of people) {
    writeVarUint(encoder, id);
    writeVarUint(encoder, clock);
    writeVarString(encoder, state);
  }
  return toUint8Array(encoder);
}
