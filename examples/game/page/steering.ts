import { type Direction, PLAYER_RADIUS, type Place, WIDTH } from "../world.js";

const ways: Readonly<Record<string, Direction>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  KeyA: { x: -1, y: 0 },
  KeyD: { x: 1, y: 0 },
  KeyW: { x: 0, y: -1 },
  KeyS: { x: 0, y: 1 },
};

/** Where somebody wants to go, by keys that are held down or a pointer that is. */
export class Steering {
  readonly #keys = new Set<string>();
  /** In the world's own measure. */
  #target: Place | undefined;

  constructor(canvas: HTMLCanvasElement) {
    const point = ({ offsetX, offsetY }: PointerEvent) => {
      const scale = WIDTH / canvas.clientWidth;
      this.#target = { x: offsetX * scale, y: offsetY * scale };
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      point(event);
    });
    canvas.addEventListener("pointermove", (event) => this.#target && point(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.release());
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return; // Ctrl+A is the browser's
      if (!(event.code in ways) || event.target instanceof HTMLInputElement || canvas.clientWidth === 0) return;
      event.preventDefault(); // the page would scroll
      this.#keys.add(event.code);
    });
    addEventListener("keyup", ({ code }) => this.#keys.delete(code));
    // Who looks elsewhere lets go of keys without a word to this page.
    addEventListener("blur", () => this.release());
  }

  release(): void {
    this.#keys.clear();
    this.#target = undefined;
  }

  /** The way from here. */
  from(here: Place): Direction {
    if (this.#target !== undefined) return towards(this.#target, here);
    const held = [...this.#keys].map((code) => ways[code] ?? { x: 0, y: 0 });
    return {
      x: Math.sign(held.reduce((sum, { x }) => sum + x, 0)),
      y: Math.sign(held.reduce((sum, { y }) => sum + y, 0)),
    };
  }
}

function towards(target: Place, { x, y }: Place): Direction {
  const [dx, dy] = [target.x - x, target.y - y];
  const length = Math.hypot(dx, dy);
  // Who is there stays there.
  return length < PLAYER_RADIUS ? { x: 0, y: 0 } : { x: dx / length, y: dy / length };
}
