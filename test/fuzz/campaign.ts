import { Random } from "../../src/testing/random.js";
import type { Coverage } from "./coverage.js";
import { mutate } from "./mutation.js";
import { shrink } from "./shrink.js";
import { Breach, type Target } from "./target.js";
import type { Trial } from "./trial.js";

export interface CampaignOptions {
  readonly target: Pick<Target, "words" | "batch">;
  readonly trial: Trial;
  readonly coverage: Coverage;
  readonly corpus: readonly Buffer[];
  readonly seed: number;
  /** Told of each input before it is tried: of one that never ends nobody could tell it afterwards. */
  readonly trying: (input: Buffer) => void;
}

export interface Finding {
  readonly breach: Breach;
  /** The shortest that was found. */
  readonly input: Buffer;
}

/**
 * Tries mutations of a corpus, and keeps what reaches code that nothing reached before: of that the next ones are made. Each
 * rule that is broken is found once.
 */
export class Campaign {
  tried = 0;
  readonly findings: Finding[] = [];
  /** What reached something new, in the order in which it was found; the corpus is not among it. */
  readonly reaching: Buffer[] = [];
  readonly #options: CampaignOptions;
  readonly #random: Random;
  readonly #pool: Buffer[];

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#pool = options.corpus.length === 0 ? [Buffer.alloc(0)] : [...options.corpus];
  }

  /** The corpus as it is: what it reaches is not new any more. */
  async begin(): Promise<void> {
    for (const input of this.#pool) await this.#try(input);
    this.#options.coverage.add(this.#options.coverage.take());
  }

  /** Tries as many as are worth one look at what they reached. */
  async step(): Promise<void> {
    const inputs = Array.from({ length: this.#options.target.batch ?? BATCH }, () => this.#mutation());
    for (const input of inputs) await this.#try(input);
    const { coverage } = this.#options;
    const reached = coverage.take();
    if (coverage.isNew(reached)) await this.#search(inputs);
    // What did something only that once is not looked for again and again.
    coverage.add(reached);
  }

  /** Which of them reached it? By halves, as one look costs as much as many inputs. */
  async #search(inputs: readonly Buffer[]): Promise<void> {
    const { coverage } = this.#options;
    const middle = Math.ceil(inputs.length / 2);
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const input of half) await this.#try(input);
      const reached = coverage.take();
      if (!coverage.isNew(reached)) continue;
      const [only, ...others] = half;
      if (only === undefined) continue;
      if (others.length > 0) await this.#search(half);
      else {
        coverage.add(reached);
        this.#pool.push(only);
        this.reaching.push(only);
      }
    }
  }

  async #try(input: Buffer): Promise<void> {
    this.tried += 1;
    const breach = await this.#run(input);
    if (breach === undefined || this.findings.some(({ breach: { rule } }) => rule === breach.rule)) return;
    const isSame = async (smaller: Buffer) => (await this.#run(smaller))?.rule === breach.rule;
    const smallest = await shrink(input, isSame);
    this.findings.push({ breach: (await this.#run(smallest)) ?? breach, input: smallest });
  }

  /** By the time of the processor, not of the clock; a second and a third try tell what is slow from what was unlucky. */
  async #run(input: Buffer): Promise<Breach | undefined> {
    const { trial, trying } = this.#options;
    trying(input);
    let leastMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && leastMs > SLOW_MS; tries += 1) {
      const before = process.cpuUsage();
      const breach = await trial.run(input);
      if (breach !== undefined) return breach;
      const { user, system } = process.cpuUsage(before);
      leastMs = Math.min(leastMs, (user + system) / 1_000);
    }
    return leastMs > SLOW_MS ? new Breach("it is slow", `${Math.round(leastMs)} ms`) : undefined;
  }

  #mutation(): Buffer {
    // What was found last leads on more often than what has been tried for long.
    const recent = this.#pool.slice(-RECENT);
    const input = this.#random.pick(this.#random.below(2) === 0 ? recent : this.#pool);
    const soil = { random: this.#random, words: this.#options.target.words, other: this.#random.pick(this.#pool) };
    return mutate(input, soil, MAX_BYTES);
  }
}

const BATCH = 256;
const RECENT = 16;
const MAX_BYTES = 16_384;
/** Of so small an input nothing may take so long. */
const SLOW_MS = 250;
