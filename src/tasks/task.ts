/** What a work is given of its task. */
export interface Task {
  readonly id: string;
  /** Aborted when the task is cancelled, or the app closes: `fetch(url, { signal })` stops with it. */
  readonly signal: AbortSignal;
  /**
   * Says how far it is, four times a second at most; the last is never lost. Left alone it can't fail.
   *
   * @param percent from 0 to 100; what is beyond is taken as that
   * @param message what it is at, of which the first 512 bytes are told; left out it stays as it was
   *
   * Rejects with the signal's reason once that is aborted, so that a work which awaits it ends there, and with a TypeError for
   * what is no number, or no text.
   */
  progress(percent: number, message?: string | undefined): Promise<void>;
}

/** What a module's function is given of its task, in its thread. */
export interface WorkerTask {
  readonly id: string;
  /** Aborted when the task is cancelled, or the app closes. Who does not end by itself then is ended. */
  readonly signal: AbortSignal;
  /** Says how far it is, from 0 to 100, and what it is at. Rejects once the signal is aborted. */
  progress(percent: number, message?: string | undefined): Promise<void>;
}
