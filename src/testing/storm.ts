import { type Duration, durationMs } from "../base/duration.js";
import type { FakeClock } from "./fake-clock.js";
import type { Network } from "./network.js";
import type { Random } from "./random.js";
import type { TestProcess } from "./test-process.js";
import type { Uplink } from "./uplink.js";

/** How often on average, in the time of the test's clock. */
export type Every = Duration | "never";

/** What a simulation does to its clients. */
export interface Weather {
  /** Each message is on its way for up to so long. Default `"300ms"`. */
  latency?: Duration | undefined;
  /** How often the connection of each client breaks. Default `"20s"`. */
  cuts?: Every | undefined;
  /** How often nothing passes for each client, and nobody is told. Default `"1m"`. */
  silences?: Every | undefined;
  /** How often the device of each client is without network, and knows it. Default `"2m"`. */
  offline?: Every | undefined;
  /** How often each client stops reading. Default `"2m"`. */
  slowReading?: Every | undefined;
  /** How long each of these lasts at most. Default `"45s"`. */
  lasting?: Duration | undefined;
  /**
   * How often the app restarts: half of the times it drains, else it dies. It is down for up to 10 s, in which `app.publish`
   * rejects. Default `"3m"`.
   */
  restarts?: Every | undefined;
}

export interface WeatherOptions {
  readonly clock: FakeClock;
  readonly network: Network;
  readonly process: TestProcess;
  readonly random: Random;
  readonly weather: Weather;
}

/** Makes it happen, by chance that the seed decides. */
export class Storm {
  readonly #options: WeatherOptions;
  #isOver = false;

  constructor(options: WeatherOptions) {
    this.#options = options;
  }

  start(): void {
    const { network, weather } = this.#options;
    const {
      latency = "300ms",
      cuts = "20s",
      silences = "1m",
      offline = "2m",
      slowReading = "2m",
      lasting = "45s",
      restarts = "3m",
    } = weather;
    network.setLatency(["0ms", latency]);
    const lastingMs = durationMs(lasting, "lasting");
    this.#strike(cuts, (uplink) => uplink.cut());
    this.#strike(silences, (uplink) => this.#for(lastingMs, uplink, () => uplink.silence()));
    this.#strike(offline, (uplink) => this.#for(lastingMs, uplink, () => uplink.goOffline()));
    this.#strike(slowReading, (uplink) => this.#for(lastingMs, uplink, () => uplink.setReading(false)));
    this.#repeat(
      restarts,
      () => 1,
      () => this.#restart(),
    );
  }

  end(): void {
    this.#isOver = true;
  }

  /** One of the clients, so often for each. */
  #strike(every: Every, act: (uplink: Uplink) => void): void {
    const { network, random } = this.#options;
    this.#repeat(
      every,
      () => Math.max(1, network.all.length),
      () => {
        const { all } = network;
        if (all.length > 0) act(random.pick(all));
      },
    );
  }

  #repeat(every: Every, count: () => number, act: () => void): void {
    if (every === "never") return;
    const { clock, random } = this.#options;
    const meanMs = durationMs(every, "How often") / count();
    // What happens independently of everything else is exponentially far away.
    clock.after(Math.ceil(-Math.log(1 - random.next()) * meanMs), () => {
      if (this.#isOver) return;
      act();
      this.#repeat(every, count, act);
    });
  }

  #for(lastingMs: number, uplink: Uplink, begin: () => void): void {
    const { clock, random } = this.#options;
    begin();
    clock.after(Math.ceil(random.next() * lastingMs), () => {
      if (!this.#isOver) uplink.mend();
    });
  }

  #restart(): void {
    const { process, random } = this.#options;
    process.restartBy(random.next() < 0.5 ? "drained" : "killed", random.below(LONGEST_DOWN_MS));
  }
}

const LONGEST_DOWN_MS = 10_000;
