/** Keeps a log readable of what a crowd can bring about: one line a second, with how many it stands for. */
export class Tally {
  #untold = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** One more. How many there were since the last that was told; undefined where that was less than a second ago. */
  count(nowMs: number): number | undefined {
    this.#untold += 1;
    if (nowMs - this.#toldAtMs < QUIET_MS) return undefined;
    const times = this.#untold;
    this.#untold = 0;
    this.#toldAtMs = nowMs;
    return times;
  }
}

const QUIET_MS = 1_000;
