import type { Position, Publication } from "../../../src/broker/broker.js";
import { MemoryBroker, type MemoryBrokerOptions } from "../../../src/broker/memory.js";

/** One event as the broker took it. */
export interface Said {
  /** Its place among all events of its channel, over all epochs. */
  readonly index: number;
  readonly epoch: string;
  readonly offset: number;
  /** Tells it from all others of the run. */
  readonly n: number;
  readonly word: string;
  /** The connection that is not to hear it live. */
  readonly except: string | undefined;
  /** Its place among all that the server said in this run. */
  readonly stamp: number;
  readonly atMs: number;
}

/** How long a channel keeps what is said. */
export interface Keeping {
  readonly size: number;
  readonly ttlMs: number;
}

/** All that was ever said on one channel, and what of it must still be kept. */
export class Ledger {
  readonly all: Said[] = [];
  readonly keeping: Keeping | undefined;

  constructor(keeping: Keeping | undefined) {
    this.keeping = keeping;
  }

  get newest(): Said | undefined {
    return this.all.at(-1);
  }

  find(n: number): Said | undefined {
    return this.all.find((said) => said.n === n);
  }

  at({ epoch, offset }: Position): Said | undefined {
    return this.all.find((said) => said.epoch === epoch && said.offset === offset);
  }

  /**
   * How many events there are up to this place; undefined where there is no such place.
   *
   * @param atStart of an epoch that nothing was said in yet
   */
  countUpTo({ epoch, offset }: Position, atStart: number): number | undefined {
    if (offset === 0) return this.all.find((said) => said.epoch === epoch)?.index ?? atStart;
    const said = this.at({ epoch, offset });
    return said && said.index + 1;
  }

  /** What the broker keeps, where it has not forgotten the channel. */
  kept(nowMs: number): readonly Said[] {
    if (this.keeping === undefined) return [];
    const { size, ttlMs } = this.keeping;
    const epoch = this.newest?.epoch;
    return this.all.slice(-size).filter((said) => said.epoch === epoch && said.atMs + ttlMs > nowMs);
  }

  isKept(said: Said, nowMs: number): boolean {
    return this.kept(nowMs).includes(said);
  }
}

/** A broker in memory that writes down what it takes, and tells where it breaks its own contract. */
export class WatchedBroker extends MemoryBroker {
  readonly #keys = new Map<string, { readonly position: Position; readonly atMs: number }>();
  readonly #watch: BrokerWatch;

  constructor(options: MemoryBrokerOptions, watch: BrokerWatch) {
    super(options);
    this.#watch = watch;
  }

  override publish(publication: Publication): Position {
    const position = super.publish(publication);
    const ledger = this.#watch.ledgers.get(publication.channel);
    if (ledger !== undefined) this.#write(ledger, publication, position);
    return position;
  }

  #write(ledger: Ledger, publication: Publication, position: Position): void {
    const { channel, key, payloadJson, except } = publication;
    const { nowMs, isStable, violate, nextStamp } = this.#watch;
    const word = key === undefined ? undefined : `${channel} ${key}`;
    const first = word === undefined ? undefined : this.#keys.get(word);
    const isRepeat = ledger.at(position) !== undefined;
    if (isStable) {
      const isKnown = first !== undefined && first.atMs + KEY_TTL_MS > nowMs();
      if (isKnown && first.position.offset !== position.offset) violate(`${channel}: the key ${key} was forgotten`);
      if (!isKnown && isRepeat) violate(`${channel}: ${payloadJson} was taken for a repeat`);
    }
    if (isRepeat) return;
    if (word !== undefined) this.#keys.set(word, { position, atMs: nowMs() });
    const { newest } = ledger;
    if (newest?.epoch === position.epoch && position.offset !== newest.offset + 1) {
      violate(`${channel}: offset ${position.offset} follows ${newest.offset}`);
    }
    if (ledger.keeping !== undefined && newest !== undefined && newest.epoch !== position.epoch && isStable) {
      violate(`${channel}: a new epoch without a reason`);
    }
    // Every event of this test has these.
    const { n, word: ofWord } = JSON.parse(payloadJson) as { readonly n: number; readonly word: string };
    const stamp = nextStamp();
    ledger.all.push({ index: ledger.all.length, ...position, n, word: ofWord, except, stamp, atMs: nowMs() });
  }
}

export interface BrokerWatch {
  readonly ledgers: ReadonlyMap<string, Ledger>;
  readonly nowMs: () => number;
  readonly nextStamp: () => number;
  /** Has the broker room for all that is kept? */
  readonly isStable: boolean;
  readonly violate: (what: string) => void;
}

const KEY_TTL_MS = 300_000;
