import type { Sample } from "./meter.js";

/** What may be too much, and from where on. */
export const thresholds = { cpu: 95, memory: 1_000, p95: 100 } as const satisfies Partial<Record<keyof Sample, number>>;

export type Watched = keyof typeof thresholds;

export interface Alert {
  readonly id: string;
  readonly figure: Watched;
  /** What it was when it was raised. */
  readonly value: number;
  readonly at: number;
  /** Who said that they look after it. */
  readonly acknowledgedBy?: string | undefined;
}

/** What has changed: whoever publishes says it on. */
export type Change =
  | { readonly type: "raised"; readonly alert: Alert }
  | { readonly type: "acknowledged"; readonly id: string; readonly by: string }
  | { readonly type: "eased"; readonly id: string };

/** So many samples in a row must be good again, else an alert would come and go. */
const GOOD_SAMPLES = 3;

/** Alerts that stand. The rules are here, and nothing that waits or sends. */
export class Alerts {
  readonly #standing = new Map<Watched, Alert & { goodSamples: number }>();

  get standing(): readonly Alert[] {
    return [...this.#standing.values()].map(({ goodSamples: _, ...alert }) => alert);
  }

  /** Looks at a sample, and gives what it changes. */
  look(sample: Sample): readonly Change[] {
    return (Object.keys(thresholds) as Watched[]).flatMap((figure) => this.#judge(figure, sample)); // its keys are these
  }

  /** Undefined where there is no such alert any more. The first who does it is remembered. */
  acknowledge(id: string, by: string): readonly Change[] | undefined {
    const alert = [...this.#standing.values()].find((each) => each.id === id);
    if (alert === undefined) return undefined;
    if (alert.acknowledgedBy !== undefined) return [];
    this.#standing.set(alert.figure, { ...alert, acknowledgedBy: by });
    return [{ type: "acknowledged", id, by }];
  }

  #judge(figure: Watched, sample: Sample): readonly Change[] {
    const standing = this.#standing.get(figure);
    const value = sample[figure];
    if (value > thresholds[figure]) {
      if (standing !== undefined) standing.goodSamples = 0;
      return standing === undefined
        ? [this.#raise({ id: `${figure}-${sample.at}`, figure, value, at: sample.at })]
        : [];
    }
    if (standing === undefined) return [];
    standing.goodSamples += 1;
    if (standing.goodSamples < GOOD_SAMPLES) return [];
    this.#standing.delete(figure);
    return [{ type: "eased", id: standing.id }];
  }

  #raise(alert: Alert): Change {
    this.#standing.set(alert.figure, { ...alert, goodSamples: 0 });
    return { type: "raised", alert };
  }
}
