import type { AskedProcess } from "../support/redis/chaos/asked-process.js";
import { startSoakProcess } from "./soak-process.js";
import type { SoakPromise, SoakReport, Violation } from "./soak-report.js";
import type { World } from "./world.js";

export interface RabbleOptions {
  readonly seed: number;
  readonly worlds: readonly World[];
  readonly violate: (violation: Violation) => void;
}

/** Whoever comes for a moment: one process, and another when that is killed. */
export class Rabble implements AsyncDisposable {
  readonly #options: RabbleOptions;
  readonly #past: RabbleCounts[] = [];
  /** How often something began to befall each world. */
  readonly #troubles: number[];
  #process: AskedProcess;
  #started = 0;
  #isOpen = false;
  #cut: Cut[] = [];
  /** How often the machine had no time for it. */
  starved = 0;

  constructor(options: RabbleOptions) {
    this.#options = options;
    this.#troubles = options.worlds.map(() => 0);
    this.#process = this.#start();
  }

  /** Tells where the processes of the worlds are, and which of them something befalls. */
  async tell(troubled?: number): Promise<void> {
    const { worlds } = this.#options;
    if (troubled !== undefined) this.#troubles[troubled] = (this.#troubles[troubled] ?? 0) + 1;
    await this.#process.ask(
      "at",
      worlds.map(({ urls }, index) => ({ urls, troubles: this.#troubles[index], isTroubled: index === troubled })),
    );
  }

  async come(): Promise<void> {
    this.#isOpen = true;
    await this.#process.ask("come");
  }

  async leave(): Promise<void> {
    this.#isOpen = false;
    await this.#process.ask("leave");
  }

  /** A process that is to be compared with itself does everything once before. */
  async warm(world: World): Promise<void> {
    const wasOpen = this.#isOpen;
    await this.leave();
    await this.tell();
    await this.#process.ask("warm", this.#options.worlds.indexOf(world));
    for (const serving of world.servings) serving.isWarm = true;
    if (wasOpen) await this.come();
  }

  /** All are killed, and others come. */
  async replace(): Promise<void> {
    this.#past.push(await this.#process.ask<RabbleCounts>("told"));
    await this.#process.kill();
    this.#process = this.#start();
    await this.tell();
    await this.come();
  }

  /** The visits that went wrong though nothing befell them, since this was asked last. */
  takeCut(): readonly Cut[] {
    const cut = this.#cut;
    this.#cut = [];
    return cut;
  }

  /** What was looked at, and who came, of those who are gone too. */
  async counts(): Promise<{ readonly checks: readonly RabbleCounts["checks"][]; readonly visits: Visits }> {
    const all = [...this.#past, await this.#process.ask<RabbleCounts>("told")];
    const visits: Record<string, { done: number; cut: number }> = {};
    for (const [kind, { done, cut }] of all.flatMap(({ tally }) => Object.entries(tally))) {
      const sum = (visits[kind] ??= { done: 0, cut: 0 });
      sum.done += done;
      sum.cut += cut;
    }
    return { checks: all.map(({ checks }) => checks), visits };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #start(): AskedProcess {
    this.#started += 1;
    const { seed, violate } = this.#options;
    return startSoakProcess("rabble.ts", { NAME: `rabble-${this.#started}`, SEED: seed }, (notice, what) => {
      // rabble.ts says so.
      if (notice === "violated") violate(what as Violation);
      if (notice === "cut") this.#cut.push(what as Cut);
      if (notice === "starved") this.starved += 1;
    });
  }
}

type Visits = SoakReport["clients"]["visits"];

interface Cut {
  readonly what: string;
}

interface RabbleCounts {
  readonly checks: Readonly<Partial<Record<SoakPromise, number>>>;
  readonly tally: Visits;
}
