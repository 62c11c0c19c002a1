/** How the world is at one step: all that a page needs to draw it. */
export interface Frame {
  /** The number of the step. 20 of them are a second. */
  readonly tick: number;
  readonly players: readonly { readonly id: string; readonly x: number; readonly y: number; readonly score: number }[];
  readonly stars: readonly Place[];
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where somebody wants to go: each from -1 to 1. */
export type Direction = Place;

export const WIDTH = 1_000;
export const HEIGHT = 600;
export const PLAYER_RADIUS = 18;
export const STAR_RADIUS = 10;
export const TICK_MS = 50;

const STARS = 8;
const PLAYER_SPEED = 320 * (TICK_MS / 1_000);

/** The rules of the game, and nothing else: no clock, no network. Chance comes in, so that a test can choose it. */
export class World {
  readonly #random: () => number;
  readonly #players = new Map<string, { x: number; y: number; score: number; direction: Direction }>();
  #stars: readonly Place[];
  #tick = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
    this.#stars = Array.from({ length: STARS }, () => this.#somewhere());
  }

  add(id: string): void {
    if (!this.#players.has(id)) this.#players.set(id, { ...this.#somewhere(), score: 0, direction: { x: 0, y: 0 } });
  }

  remove(id: string): void {
    this.#players.delete(id);
  }

  /** Only the direction is taken from who plays: how far that leads in a step is decided here. */
  steer(id: string, direction: Direction): void {
    const player = this.#players.get(id);
    if (player !== undefined) player.direction = direction;
  }

  /** One step of everybody, in the order in which they came. */
  step(): Frame {
    this.#tick += 1;
    for (const player of this.#players.values()) {
      const { x, y } = player.direction;
      // Both ways at once is no faster than one of them.
      const length = Math.max(1, Math.hypot(x, y));
      player.x = within(player.x + (PLAYER_SPEED * x) / length, WIDTH);
      player.y = within(player.y + (PLAYER_SPEED * y) / length, HEIGHT);
      const left = this.#stars.filter((star) => !touches(player, star));
      const caught = this.#stars.length - left.length;
      if (caught === 0) continue;
      player.score += caught;
      this.#stars = [...left, ...Array.from({ length: caught }, () => this.#somewhere())];
    }
    return this.#frame();
  }

  #frame(): Frame {
    const players = [...this.#players].map(([id, { x, y, score }]) => ({
      id,
      x: Math.round(x),
      y: Math.round(y),
      score,
    }));
    return { tick: this.#tick, players, stars: this.#stars };
  }

  #somewhere(): Place {
    const along = (size: number) => Math.round(PLAYER_RADIUS + this.#random() * (size - 2 * PLAYER_RADIUS));
    return { x: along(WIDTH), y: along(HEIGHT) };
  }
}

function within(value: number, size: number): number {
  return Math.min(Math.max(value, PLAYER_RADIUS), size - PLAYER_RADIUS);
}

function touches(player: Place, star: Place): boolean {
  return Math.hypot(player.x - star.x, player.y - star.y) < PLAYER_RADIUS + STAR_RADIUS;
}
