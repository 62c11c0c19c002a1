import type { DrainTimes } from "./drain.js";

/**
 * The app that is to go on in the place of this one after a reload, and the one that was there before: what `tidings dev`
 * puts between them, process by process. It is found by a symbol, since the program that sets it and the app that finds it
 * may have loaded this package from two places.
 */
export interface Handover {
  /** How an app that makes room closes: quickly, its clients are to be back at once. */
  readonly drain: DrainTimes;
  /**
   * Called as an app starts, before anything is made for it. Resolves when the one before it is gone, with what that left;
   * undefined where there was none, or it left nothing.
   */
  takeTurn(): Promise<Left | undefined>;
  /** It runs, and has taken what was left. */
  began(app: Leaving): void;
  /** It is told to listen, or is attached to a server. */
  listens(app: object): void;
}

/** What an app has left. */
export interface Left {
  /** What `Leaving.state` gave, through JSON. */
  readonly state: unknown;
  readonly agoMs: number;
}

/** An app that runs, and can be asked to make room for another. */
export interface Leaving {
  /** Closes it, with 1012. Its clients are told to come back. */
  leave(): Promise<void>;
  /** What the next one needs, as JSON has it; undefined where nothing of it is in this process. */
  state(): unknown;
}

/** Undefined where nobody reloads this process. */
export function handoverOfProcess(): Handover | undefined {
  // Whoever sets it keeps to the interface above.
  return (globalThis as { [HANDOVER]?: Handover })[HANDOVER];
}

const HANDOVER: unique symbol = Symbol.for("tidings.handover.1") as typeof HANDOVER;
