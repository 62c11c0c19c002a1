import { type Profiler, Session } from "node:inspector";

/**
 * Which parts of our own code have run, as V8 counts them, to tell whether an input reached what none did before.
 *
 * It must start before the code is loaded: of what was compiled before V8 knows functions, and not what is within.
 */
export class Coverage {
  readonly #session = new Session();
  /** What ran so far, for each function one byte for each of its characters. */
  readonly #seen = new Map<string, Uint8Array>();

  constructor() {
    this.#session.connect();
    this.#ask("Profiler.enable");
    this.#ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** What has run since this was asked last. It takes two milliseconds, so that many inputs are tried between two looks. */
  take(): Reached {
    const { result } = this.#ask("Profiler.takePreciseCoverage") as Profiler.TakePreciseCoverageReturnType; // as CDP has it
    const reached = new Map<string, Uint8Array>();
    for (const script of result.filter(({ url }) => url.startsWith(OURS))) {
      for (const { ranges } of script.functions) {
        const [whole] = ranges;
        if (whole !== undefined && whole.count > 0)
          reached.set(`${script.url} ${whole.startOffset} ${whole.endOffset}`, paint(ranges, whole));
      }
    }
    return reached;
  }

  /** Is there something in it that was not there before? */
  isNew(reached: Reached): boolean {
    for (const [place, ran] of reached) {
      const seen = this.#seen.get(place);
      if (seen === undefined || ran.some((did, index) => did === 1 && seen[index] === 0)) return true;
    }
    return false;
  }

  add(reached: Reached): void {
    for (const [place, ran] of reached) {
      const seen = this.#seen.get(place);
      if (seen === undefined) this.#seen.set(place, ran);
      else for (const [index, did] of ran.entries()) seen[index] = (seen[index] ?? 0) | did;
    }
  }

  /** Characters of our code that have run: it grows with what was reached. */
  get size(): number {
    let size = 0;
    for (const ran of this.#seen.values()) for (const did of ran) size += did;
    return size;
  }

  stop(): void {
    this.#session.disconnect();
  }

  /** Within one process the answer is there when the call returns. */
  #ask(method: string, params: object = {}): object {
    let answer: object = {};
    this.#session.post(method, params, (error: Error | null, given?: object) => {
      if (error) throw error;
      answer = given ?? {};
    });
    return answer;
  }
}

/** Which characters of which functions ran. */
export type Reached = ReadonlyMap<string, Uint8Array>;

const OURS = new URL("../../src/", import.meta.url).href;

/** From the outside in: what is within has its own count, and is left out where that is the same. */
function paint(ranges: readonly Profiler.CoverageRange[], whole: Profiler.CoverageRange): Uint8Array {
  const painted = new Uint8Array(whole.endOffset - whole.startOffset);
  for (const { startOffset, endOffset, count } of ranges) {
    painted.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
  }
  return painted;
}
