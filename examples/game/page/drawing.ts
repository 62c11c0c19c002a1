import { type Frame, HEIGHT, PLAYER_RADIUS, type Place, STAR_RADIUS, WIDTH } from "../world.js";

/** A colour that is the same for the same name, in every window. */
export function colourOf(id: string): string {
  const hash = [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  return `hsl(${hash} 60% 45%)`;
}

/** Draws the world as large as the canvas is shown. `me` has a ring. */
export function draw(canvas: HTMLCanvasElement, { players, stars }: Frame, me: string): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round((width * HEIGHT) / WIDTH);
  if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
  const { color, accentColor } = getComputedStyle(canvas);
  context.setTransform(width / WIDTH, 0, 0, width / WIDTH, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = accentColor;
  for (const star of stars) drawStar(context, star);
  context.textAlign = "center";
  // On a phone too a name is large enough to be read.
  const fontSize = Math.max(18, (11 * WIDTH) / canvas.clientWidth);
  context.font = `600 ${fontSize}px system-ui, sans-serif`;
  for (const { id, x, y } of players) {
    context.fillStyle = colourOf(id);
    context.beginPath();
    context.arc(x, y, PLAYER_RADIUS, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = color;
    context.lineWidth = 3;
    if (id === me) context.stroke();
    context.fillStyle = color;
    // Below, or above where that would be outside.
    const below = y + PLAYER_RADIUS + fontSize;
    const letters = [...id];
    const name = letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join("")}…` : id;
    const half = context.measureText(name).width / 2 + 4;
    const middle = Math.min(Math.max(x, half), WIDTH - half);
    context.fillText(name, middle, below < HEIGHT ? below : y - PLAYER_RADIUS - fontSize / 2);
  }
}

/** In the arena. Among the scores all of it is. */
const LONGEST_NAME = 12;

function drawStar(context: CanvasRenderingContext2D, { x, y }: Place): void {
  context.beginPath();
  for (let corner = 0; corner < 10; corner += 1) {
    const radius = corner % 2 === 0 ? STAR_RADIUS * 1.3 : STAR_RADIUS * 0.55;
    const angle = (corner * Math.PI) / 5 - Math.PI / 2;
    context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.fill();
}
