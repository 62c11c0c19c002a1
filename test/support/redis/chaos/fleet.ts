import type { RedisOptions } from "tidings/redis";
import { AskedProcess } from "./asked-process.js";
import { ServingProcess } from "./serving-process.js";
import { type Acknowledged, keptTopics } from "./topics.js";

export interface FleetOptions {
  /** What the app's process of this number goes by; each has its own way to Redis. */
  readonly broker: (index: number) => RedisOptions;
  readonly clients?: number | undefined;
}

/** The topics of whose gaps somebody who hears them was not told. */
export function topicsWithoutGap({ least }: Act): readonly string[] {
  return keptTopics.filter((topic) => least[topic] === 0);
}

/** The topics of which somebody was told that something may be lost. */
export function topicsWithGap({ gaps }: Act): readonly string[] {
  return keptTopics.filter((topic) => gaps[topic] !== 0);
}

/** Three processes of one app, and a crowd of clients on all of them. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const fleet = new Fleet(options);
  try {
    await fleet.start();
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

export class Fleet implements AsyncDisposable {
  readonly servings: ServingProcess[] = [];
  readonly #options: FleetOptions;
  readonly #crowd: AskedProcess;
  /** Of this act, by whoever published. */
  #acknowledged: Acknowledged[] = [];
  #isStreaming = false;
  #started = 0;

  /** Use `startFleet`. */
  constructor(options: FleetOptions) {
    this.#options = options;
    const { clients = 300 } = options;
    this.#crowd = new AskedProcess("crowd.ts", { COUNT: String(clients), NAME: "crowd" }, (name, what) => {
      if (name === "acknowledged") this.#acknowledged.push(what as Acknowledged); // crowd.ts says so
    });
  }

  async start(): Promise<void> {
    this.servings.push(...[0, 1, 2].map((index) => this.#start(index)));
    await Promise.all(this.servings.map((serving) => serving.listens()));
    await this.#tellWhere();
    expectNothing("came in", await this.#crowd.ask<readonly string[]>("come"));
  }

  /**
   * While everybody publishes something happens. Resolves when all are there again and hear what is said, with what they
   * were told meanwhile.
   */
  async play(fault: () => Promise<void>): Promise<Act> {
    this.#acknowledged = [];
    await this.#crowd.ask("begin");
    await Promise.all(this.servings.map((serving) => serving.process.ask("stream")));
    this.#isStreaming = true;
    await this.flow();
    await fault();
    await this.calm();
    if (this.#isStreaming) {
      await this.flow();
      await this.quiet();
    }
    return this.#judge();
  }

  /** The clients publish no more. Resolves when they know of all that they published. */
  async hush(): Promise<void> {
    await this.#crowd.ask("stop");
  }

  /** Nobody publishes any more. Resolves when it is known of all that was published whether it was taken. */
  async quiet(): Promise<void> {
    this.#isStreaming = false;
    await this.hush();
    await Promise.all(this.servings.map((serving) => serving.process.ask("stop")));
  }

  /** Resolves when each process has published some more. */
  async flow(): Promise<void> {
    await Promise.all(this.servings.map((serving) => serving.flows()));
  }

  /** Resolves when no process misses its broker, and no client its server. */
  async calm(): Promise<void> {
    await Promise.all(this.servings.map((serving) => serving.isBack()));
    expectNothing("is live again", await this.#crowd.ask<readonly string[]>("calm"));
  }

  /** Resolves when these have said that the broker is away, from now on. */
  async away(servings: readonly ServingProcess[] = this.servings): Promise<void> {
    await Promise.all(servings.map((serving) => serving.nextAway()));
  }

  /** As `kill -9`. Its clients go to the others, or nowhere while there is none. */
  async kill(index: number): Promise<void> {
    await this.serving(index).process.kill();
  }

  /** Starts another in the place of one that was killed. Resolves when it listens and publishes. */
  async replace(index: number): Promise<void> {
    const other = this.#start(index);
    this.servings[index] = other;
    await other.listens();
    await other.process.ask("stream");
    await this.#tellWhere();
  }

  serving(index: number): ServingProcess {
    const serving = this.servings[index];
    if (serving === undefined) throw new Error(`There is no process ${index}.`);
    return serving;
  }

  /** So many clients at this process are not to come back when they lose it. Gives their names. */
  mortals(index: number, size: number): Promise<readonly string[]> {
    return this.#crowd.ask("mortals", this.serving(index).url, size);
  }

  /** How often the clients at other processes were told that this one left: each number that there is. */
  leaves(id: string, besides: string): Promise<readonly number[]> {
    return this.#crowd.ask("leaves", id, besides);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#crowd[Symbol.asyncDispose]();
    await Promise.all(this.servings.map(({ process }) => process[Symbol.asyncDispose]()));
  }

  #start(index: number): ServingProcess {
    this.#started += 1;
    const name = `app-${this.#started}`;
    const env = { NAME: name, BROKER: JSON.stringify(this.#options.broker(index)) };
    return new ServingProcess({
      name,
      start: (hear) => new AskedProcess("serving.ts", env, hear),
      acknowledged: (acknowledged) => this.#acknowledged.push(acknowledged),
    });
  }

  async #tellWhere(): Promise<void> {
    await this.#crowd.ask(
      "at",
      this.servings.map(({ url }) => url),
    );
  }

  async #judge(): Promise<Act> {
    // First what is found out without anybody's saying anything more.
    const owed = await this.#crowd.ask<readonly string[]>("accounted", this.#acknowledged);
    if (owed.length > 0) return { ...(await this.#crowd.ask<Act>("verdict")), faults: owed };
    const last: Acknowledged[] = [];
    for (const { process } of this.servings) last.push(...(await process.ask<readonly Acknowledged[]>("round")));
    const unheard = await this.#crowd.ask<readonly string[]>("heard", last);
    const strangers = [...(await this.#crowd.ask<readonly string[]>("seesAll")), ...(await this.#countedWrong())];
    const { faults, ...rest } = await this.#crowd.ask<Act>("verdict");
    const failures = this.servings.flatMap((serving) => serving.takeFailures());
    return {
      ...rest,
      faults: [...unheard, ...strangers, ...faults, ...failures],
    };
  }

  /** What each process tells of who is there, where it is not so. */
  async #countedWrong(): Promise<string[]> {
    const present = await this.#crowd.ask<readonly string[]>("present");
    const connected = await this.#crowd.ask<number>("connected");
    const wrong = this.servings.map(async ({ name, process, url }) => {
      const members = await untilSame(() => process.ask<string[]>("presence").then((ids) => ids.toSorted()), present);
      const users = await untilSame(async () => (await (await fetch(`${url}/health/websockets`)).json()) as unknown, {
        total_users: connected,
        total_connections: connected,
      });
      return [members, users].filter((each) => each !== undefined).map((each) => `${name} says ${each}`);
    });
    return (await Promise.all(wrong)).flat();
  }
}

/** What came of an act. */
export interface Act {
  /** What was not as promised. */
  readonly faults: readonly string[];
  /** By topic: how many gaps all clients together were told of. */
  readonly gaps: Readonly<Record<string, number>>;
  /** By topic: how many the client was told of that was told of the fewest. */
  readonly least: Readonly<Record<string, number>>;
  /** Some of them in words. */
  readonly told: readonly string[];
}

function expectNothing(what: string, left: readonly string[]): void {
  if (left.length > 0) throw new Error(`Not everybody ${what}: ${left.join("; ")}`);
}

/** Asks until the answer is this one; gives the last where it never is. */
async function untilSame(ask: () => Promise<unknown>, due: unknown): Promise<string | undefined> {
  const wanted = JSON.stringify(due);
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = JSON.stringify(await ask());
    if (answer === wanted) return undefined;
    if (performance.now() > endsAtMs) return `${answer}, and not ${wanted}`;
  }
}

const PATIENCE_MS = 15_000;
