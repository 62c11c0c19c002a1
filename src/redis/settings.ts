import type { Names } from "./names.js";

/** What all parts of one link go by. */
export interface Settings {
  readonly names: Names;
  /** This process, among those of the prefix: random, `A–Z a–z 0–9 - _`. */
  readonly process: string;
  /** How long what this process holds outlives it. */
  readonly leaseMs: number;
  /** How often the streams are compared, and the leases renewed: often enough that one time may fail. */
  readonly compareMs: number;
  /** How long the place in a stream that is kept is remembered while nobody uses it. */
  readonly positionTtlMs: number;
  /** The same in one that keeps nothing. Whoever listens keeps it from being forgotten, as often as a lease is renewed. */
  readonly liveTtlMs: number;
  /** An epoch that there never was. */
  readonly freshEpoch: () => string;
  /** What nobody waits for and went wrong. Must not throw. */
  readonly onError: (error: unknown, during: string) => void;
}
