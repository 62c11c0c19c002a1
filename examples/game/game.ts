import { type Direction, type Frame, TICK_MS, World } from "./world.js";

/** A world that moves while somebody is in it. The devices of one user are one player. */
export class Game implements Disposable {
  readonly #world: World;
  readonly #onFrame: (frame: Frame) => void;
  /** How many connections each player has. */
  readonly #devices = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(onFrame: (frame: Frame) => void, world = new World()) {
    this.#onFrame = onFrame;
    this.#world = world;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  enter(player: string): void {
    this.#devices.set(player, (this.#devices.get(player) ?? 0) + 1);
    this.#world.add(player);
    this.#timer ??= setInterval(() => this.step(), TICK_MS);
  }

  /** The last who goes takes the clock along: an empty world costs nothing. */
  leave(player: string): void {
    const devices = (this.#devices.get(player) ?? 0) - 1;
    if (devices > 0) return void this.#devices.set(player, devices);
    this.#devices.delete(player);
    this.#world.remove(player);
    if (this.#devices.size === 0) this[Symbol.dispose]();
  }

  steer(player: string, direction: Direction): void {
    this.#world.steer(player, direction);
  }

  step(): void {
    this.#onFrame(this.#world.step());
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
