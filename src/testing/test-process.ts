import type { Surroundings, TidingsApp } from "../app/app.js";
import type { Duration } from "../base/duration.js";
import { type FakeClock, settle } from "./fake-clock.js";
import type { Network } from "./network.js";

export interface TestProcessOptions {
  readonly app: TidingsApp;
  readonly clock: FakeClock;
  readonly network: Network;
  readonly surroundings: Omit<Surroundings, "clock" | "endOfTurn">;
  readonly turns: Turns;
  /** How much real time code that waits for neither the clock nor the network is given, before time passes for it. */
  readonly momentMs: number;
}

/** The ends of the server's turns that are to come. */
export class Turns {
  #pending = 0;

  readonly isPending = (): boolean => this.#pending > 0;

  readonly endOfTurn = (run: () => void): void => {
    this.#pending += 1;
    setImmediate(() => {
      this.#pending -= 1;
      run();
    });
  };
}

/** The process that an app runs in: it can end, well or badly, and begin anew. */
export class TestProcess {
  readonly #options: TestProcessOptions;
  #isUp = false;
  /** One that happens by itself. */
  #restarting: Promise<void> | undefined;
  #isChanging = false;
  /** Why it did not start again. */
  #failure: { readonly error: unknown } | undefined;

  constructor(options: TestProcessOptions) {
    this.#options = options;
  }

  /** Does anybody answer who dials? */
  get isUp(): boolean {
    return this.#isUp;
  }

  async start(): Promise<void> {
    const { app, clock, surroundings, turns } = this.#options;
    await app.startIn({ ...surroundings, clock, endOfTurn: turns.endOfTurn });
    this.#isUp = true;
  }

  /** It closes as for a deploy, or dies. What never ends is waited for by the clock. */
  async end(how: "drained" | "killed"): Promise<void> {
    const { app, network } = this.#options;
    if (how === "killed") {
      this.#isUp = false;
      for (const uplink of network.all) uplink.endServerSide();
      await settle();
    }
    await app.close();
    this.#isUp = false;
  }

  /** It restarts by itself while time passes. Nothing happens where it does already. */
  restartBy(how: "drained" | "killed", downMs: number): void {
    if (!this.#isChanging) this.#restarting ??= this.#restartWhileTimePasses(how, downMs);
  }

  /** The same now, and time passes for it. */
  async restart(how: "drained" | "killed", downFor: Duration): Promise<void> {
    await this.untilUp();
    this.#isChanging = true;
    try {
      await this.drive(this.end(how), "100ms");
      await this.#options.clock.advance(downFor);
      await this.start();
    } finally {
      this.#isChanging = false;
    }
  }

  /** Lets time pass until a restart by itself is over. Rejects where it could not start again. */
  async untilUp(): Promise<void> {
    const restarting = this.#restarting;
    if (restarting !== undefined) await this.drive(restarting, "100ms");
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Lets time pass until it is done. */
  async drive(done: Promise<void>, step: Duration): Promise<void> {
    let isDone = false;
    const finish = () => {
      isDone = true;
    };
    done.then(finish, finish);
    await this.#giveMoment(done);
    while (!isDone) await this.#options.clock.advance(step);
    await done;
  }

  async #restartWhileTimePasses(how: "drained" | "killed", downMs: number): Promise<void> {
    try {
      await this.end(how);
      await new Promise<void>((resolve) => this.#options.clock.after(downMs, resolve));
      await this.start();
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#restarting = undefined;
    }
  }

  /** Code that never ends is waited for by the clock, which stands still: it gets a moment of real time instead. */
  async #giveMoment(done: Promise<void>): Promise<void> {
    const { momentMs, turns } = this.#options;
    if (momentMs === 0) {
      await settle(turns.isPending);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, momentMs);
    });
    await Promise.race([done.catch(() => {}), moment]);
    clearTimeout(timer);
  }
}
