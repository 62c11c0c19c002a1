import type { App } from "../declare/app.js";
import { Random } from "./random.js";
import { Storm, type Weather } from "./storm.js";
import { type Chance, MemoryApp, type TestApp, type TestAppOptions } from "./test-app.js";

/** What `startSimulation` takes beside the app. */
export interface SimulationOptions<Fakes extends readonly unknown[]> extends TestAppOptions<Fakes> {
  /** A whole number. The same seed, and the same test: the same run. Default: another one each time, which `seed` tells. */
  seed?: number | undefined;
  /** What happens to the clients while time passes; false: only what the test itself does. Default: that of `Weather`. */
  weather?: Weather | false | undefined;
}

/** An app, its clients, and a world that is hard on them. Nothing in it is by chance but what the seed decides. */
export interface Simulation extends TestApp {
  /** What the run goes by: give it to `startSimulation` to have the same run again. */
  readonly seed: number;
  /** 0 to 1: for what the test itself does by chance. */
  random(): number;
  /** The weather ends, all is mended, and 2 minutes pass: whoever is to come back has. */
  calm(): Promise<void>;
}

/**
 * Starts an app in memory as `startTestApp` does, in bad weather: with `clock.advance("5m")` connections break, go silent,
 * are slow, and the app restarts.
 *
 * For a run that can be repeated the app must wait for nothing but the clock and its clients: override what reads a disk or
 * another server. The clock begins on 1 January 2026.
 */
export async function startSimulation<const Fakes extends readonly unknown[] = []>(
  app: App,
  { seed = Math.floor(Math.random() * 2 ** 32), weather = {}, ...options }: SimulationOptions<Fakes> = {},
): Promise<Simulation> {
  const world = new SeededSimulation(app, options, seed, weather);
  await world.begin();
  return world;
}

class SeededSimulation extends MemoryApp implements Simulation {
  readonly seed: number;
  readonly random: () => number;
  readonly #storm: Storm | undefined;

  constructor(app: App, options: TestAppOptions<readonly unknown[]>, seed: number, weather: Weather | false) {
    const root = new Random(seed);
    super(app, options, chanceOf(root));
    this.seed = seed;
    this.random = root.fork("test").next;
    const { clock, network, process } = this;
    const random = root.fork("weather");
    this.#storm = weather === false ? undefined : new Storm({ clock, network, process, random, weather });
  }

  async begin(): Promise<void> {
    await this.process.start();
    this.#storm?.start();
  }

  async calm(): Promise<void> {
    this.#storm?.end();
    await this.process.untilUp();
    this.network.mend();
    await this.clock.advance(LONG_ENOUGH);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#storm?.end();
    await super[Symbol.asyncDispose]();
  }
}

/** A dead line is noticed within 40 s, and the longest time between two dials is 30 s. */
const LONG_ENOUGH = "2m";

function chanceOf(root: Random): Chance {
  return {
    startMs: Date.UTC(2026, 0, 1),
    createId: root.fork("ids").id,
    random: root.fork("server").next,
    randomOf: (client) => root.fork(`client ${client}`).next,
    momentMs: 0,
  };
}
