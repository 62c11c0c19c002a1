import { type Frame, TICK_MS } from "../world.js";

/** How far behind the server the page shows the world, so that there mostly are two frames to be between. */
const DELAY_MS = 2 * TICK_MS;
/** A server that stood still, or was another: what was known of its clock holds no more. */
const LOST_MS = 500;
/** All that can be needed. A page that is hidden hears on, and draws nothing. */
const MOST_FRAMES = LOST_MS / TICK_MS;

/** Frames as they came, and the world in between: 20 of them a second, however often the screen is drawn. */
export class Timeline {
  #frames: readonly Frame[] = [];
  /** When, by this page's clock, the server was at tick 0. */
  #startMs: number | undefined;

  push(frame: Frame, nowMs: number): void {
    const startMs = nowMs - frame.tick * TICK_MS;
    const known = this.#startMs;
    const isLost = known === undefined || Math.abs(startMs - known) > LOST_MS;
    // What came soonest tells the time best. The clocks go apart slowly, so it is believed a little less with each frame.
    this.#startMs = isLost ? startMs : Math.min(startMs, known + 1);
    this.#frames = [...(isLost ? [] : this.#frames), frame].slice(-MOST_FRAMES);
  }

  /** The world as it is to be shown now; undefined before the first frame. */
  at(nowMs: number): Frame | undefined {
    const tick = (nowMs - DELAY_MS - (this.#startMs ?? 0)) / TICK_MS;
    const before = this.#frames.findLastIndex((frame) => frame.tick <= tick);
    if (before > 0) this.#frames = this.#frames.slice(before);
    const [from, to] = this.#frames;
    if (from === undefined || to === undefined) return from;
    return between(from, to, Math.min(Math.max((tick - from.tick) / (to.tick - from.tick), 0), 1));
  }
}

function between(from: Frame, to: Frame, part: number): Frame {
  const players = from.players.map((player) => {
    const next = to.players.find(({ id }) => id === player.id) ?? player;
    return { ...player, x: player.x + (next.x - player.x) * part, y: player.y + (next.y - player.y) * part };
  });
  return { ...from, players };
}
