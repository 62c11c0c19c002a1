import { Alerts, type Change } from "./alerts.js";
import { Meter, type Sample } from "./meter.js";

const SAMPLE_MS = 1_000;

/** Told of each sample and of each change of an alert. */
export interface WatchListener {
  onSample(sample: Sample): void;
  onChange(change: Change): void;
}

/** Takes a sample each second, while somebody looks. */
export class Watch implements Disposable {
  readonly meter = new Meter();
  readonly #alerts = new Alerts();
  readonly #listener: WatchListener;
  #viewers = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: WatchListener) {
    this.#listener = listener;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  get standing(): Alerts["standing"] {
    return this.#alerts.standing;
  }

  enter(): void {
    this.#viewers += 1;
    if (this.isRunning) return;
    this.meter.sample(); // what was while nobody looked is no second
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  leave(): void {
    this.#viewers -= 1;
    if (this.#viewers === 0) this[Symbol.dispose]();
  }

  sample(): void {
    const sample = this.meter.sample();
    this.#listener.onSample(sample);
    for (const change of this.#alerts.look(sample)) this.#listener.onChange(change);
  }

  /** False where there is no such alert any more. */
  acknowledge(id: string, by: string): boolean {
    const changes = this.#alerts.acknowledge(id, by);
    for (const change of changes ?? []) this.#listener.onChange(change);
    return changes !== undefined;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
