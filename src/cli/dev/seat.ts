import type { Handover, Leaving, Left } from "../../app/handover.js";
import type { ChildSays, ParentSays, States } from "./messages.js";

/**
 * The app's place in its process: what it takes over from the one before, and leaves to the next. Whoever starts, or listens,
 * before it is its turn waits here.
 */
export class Seat implements Handover {
  // Whoever is to come back finds the next one listening: it is loaded already.
  readonly drain: Handover["drain"] = { absentMs: 200, reconnectWithinMs: 200, deadlineMs: 2_000 };
  readonly turn: Promise<void>;
  readonly #say: (what: ChildSays) => void;
  readonly #apps: Leaving[] = [];
  readonly #listening = new WeakSet<object>();
  #begin: () => void = () => {};
  #isTurn = false;
  #hasAsked = false;
  #states: States = [];
  #leftAtMs = 0;
  #taken = 0;

  constructor(say: (what: ChildSays) => void) {
    this.#say = say;
    this.turn = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** Does anybody wait for it to be their turn, or is it? */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  get isTurn(): boolean {
    return this.#isTurn;
  }

  /** All is loaded: whatever comes now waits for its turn. */
  ask(): Promise<void> {
    if (!this.#hasAsked) {
      this.#hasAsked = true;
      // From now on there is something to wait for.
      process.channel?.ref();
      this.#say({ is: "waiting" });
    }
    return this.turn;
  }

  begin({ states, agoMs }: Extract<ParentSays, { is: "turn" }>): void {
    this.#states = states;
    this.#leftAtMs = performance.now() - agoMs;
    this.#isTurn = true;
    this.#begin();
  }

  async takeTurn(): Promise<Left | undefined> {
    const index = this.#taken;
    this.#taken += 1;
    await this.ask();
    const state = this.#states[index] ?? undefined;
    return state === undefined ? undefined : { state, agoMs: performance.now() - this.#leftAtMs };
  }

  began(app: Leaving): void {
    this.#apps.push(app);
    this.#say({ is: "running" });
  }

  listens(app: object): void {
    this.#listening.add(app);
  }

  /** Does it listen without being told to? */
  isListening(app: object): boolean {
    return this.#listening.has(app);
  }

  /** Every app has closed when it resolves. */
  async leave(): Promise<States> {
    await Promise.allSettled(this.#apps.map((app) => app.leave()));
    return this.states();
  }

  /** As far as it is now. */
  states(): States {
    return this.#apps.map((app) => app.state() ?? null);
  }
}
