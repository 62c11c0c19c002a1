/**
 * Where time comes from. The app hands in the real one and a test one it moves by hand, so nothing else may read
 * `Date.now()` or set a timer.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds of a clock that nobody sets, from any beginning: for how long something takes. */
  elapsed(): number;
  /**
   * Runs `run` once, `ms` milliseconds from now, and never before this call has returned.
   *
   * A timer must not keep a process alive that has nothing else to do.
   */
  after(ms: number, run: () => void): Timer;
}

export interface Timer {
  /** Afterwards `run` is not called. Does nothing when it ran already or was cancelled before. */
  cancel(): void;
}
