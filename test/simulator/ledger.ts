import type { Broker, BrokerLink, BrokerNode, Position, Publication } from "../../src/broker/broker.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import type { TaskTruth } from "./task-truth.js";

/** One event as a broker took it. */
export interface Said {
  /** Its place among all events of its channel, over all epochs. */
  readonly index: number;
  /** Tells it from all others of the run. */
  readonly n: number;
  readonly epoch: string;
  readonly offset: number;
  readonly atMs: number;
}

/** All that was ever said, channel by channel. */
export class Ledger {
  readonly #said = new Map<string, Said[]>();

  of(channel: string): readonly Said[] {
    return this.#said.get(channel) ?? [];
  }

  find(channel: string, n: number): readonly Said[] {
    return this.of(channel).filter((said) => said.n === n);
  }

  write(channel: string, said: Omit<Said, "index">): void {
    const all = this.#said.get(channel) ?? [];
    this.#said.set(channel, all);
    all.push({ ...said, index: all.length });
  }
}

export interface WitnessOptions {
  readonly ledger: Ledger;
  readonly truth: TaskTruth;
  readonly nowMs: () => number;
  readonly note: (what: string) => void;
  readonly violate: (what: string) => void;
}

/** A broker outside of the process: it stays when the app restarts, can lose its memory, and writes down what it takes. */
export class Witness implements Broker {
  readonly "~is" = "broker";
  readonly #options: WitnessOptions;
  #memory: WitnessedMemory;
  /** How often all was forgotten. */
  losses = 0;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#memory = new WitnessedMemory(options, 0);
  }

  connect(node: BrokerNode): Promise<BrokerLink> {
    return this.#memory.connect(node);
  }

  /** Who connects from now on finds nothing of before. */
  forget(): void {
    this.losses += 1;
    this.#memory = new WitnessedMemory(this.#options, this.losses);
  }
}

class WitnessedMemory extends MemoryBroker {
  readonly #options: WitnessOptions;
  readonly #life: number;

  constructor(options: WitnessOptions, life: number) {
    super({ createId: () => `life-${life}`, clock: { elapsed: options.nowMs } });
    this.#options = options;
    this.#life = life;
  }

  override publish(publication: Publication): Position {
    const position = super.publish(publication);
    const { ledger, truth, nowMs, note, violate } = this.#options;
    const { channel, type, payloadJson } = publication;
    if (channel.startsWith("$tasks/")) {
      const { task } = JSON.parse(payloadJson) as { readonly task: string }; // every event of this channel has it
      note(`${channel}: ${type} of ${task} is taken at ${position.offset} of ${position.epoch}`);
      truth.write(channel, type, task, this.#life);
      return position;
    }
    const { n } = JSON.parse(payloadJson) as { readonly n: number }; // every event of the other channels has it
    const before = ledger.find(channel, n).find(({ epoch }) => epoch === position.epoch);
    note(
      `${channel}: ${n} is taken at ${position.offset} of ${position.epoch}${before === undefined ? "" : ", again"}`,
    );
    if (before === undefined) ledger.write(channel, { n, ...position, atMs: nowMs() });
    else if (before.offset !== position.offset) violate(`${channel}: ${n} was taken twice`);
    return position;
  }
}
