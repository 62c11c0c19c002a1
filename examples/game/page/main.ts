import { type ClientFor, connect } from "tidings/client";
import { find, make } from "../../page/element.js";
import { showStatus } from "../../page/status.js";
import { tokenFor } from "../../page/token.js";
import type { play } from "../app.js";
import type { Frame } from "../world.js";
import { colourOf, draw } from "./drawing.js";
import { Steering } from "./steering.js";
import { Timeline } from "./timeline.js";

const canvas = find("arena", HTMLCanvasElement);
const steering = new Steering(canvas);

find("enter", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  enter(find("name", HTMLInputElement).value.trim());
});

function enter(name: string): void {
  const client = connect<typeof play>("/ws/game", { token: tokenFor(name) });
  const status = find("status", HTMLElement);
  showStatus(client, status);
  status.hidden = false;
  show(true);
  watch(client, name);
  find("leave", HTMLButtonElement).onclick = () => client.close();
  void client.closed.then(() => show(false));
}

function show(isPlaying: boolean): void {
  find("enter", HTMLFormElement).hidden = isPlaying;
  find("play", HTMLElement).hidden = !isPlaying;
  if (isPlaying) canvas.focus();
  else find("name", HTMLInputElement).focus();
}

/** Draws what comes, and says where to go: once for each frame, and where it has changed. */
function watch(client: ClientFor<typeof play>, me: string): void {
  const timeline = new Timeline();
  let said = "";
  client.onStatus((status) => {
    said = ""; // to a server that may not have heard it
    find("play", HTMLElement).classList.toggle("old", status !== "open");
  });
  const arena = client.subscribe("arena"); // where the server has put it
  let here: ReadonlySet<string> = new Set();
  arena.presence.on("change", (members) => {
    const now = new Set(members.map(({ id }) => id));
    tellWhoComes(here, now);
    here = now;
  });
  arena.on("frame", (frame) => {
    timeline.push(frame, performance.now());
    showScores(frame);
    const direction = steering.from(frame.players.find(({ id }) => id === me) ?? { x: 0, y: 0 });
    const words = JSON.stringify(direction);
    if (words === said || client.status !== "open") return;
    client.send("steer", direction);
    said = words;
  });
  const paint = () => {
    const frame = timeline.at(performance.now());
    if (frame !== undefined) draw(canvas, frame, me);
    if (client.status !== "closed") requestAnimationFrame(paint);
  };
  paint();
}

function tellWhoComes(before: ReadonlySet<string>, now: ReadonlySet<string>): void {
  const came = [...now].filter((id) => !before.has(id)).map((id) => `${id} is here`);
  const went = [...before].filter((id) => !now.has(id)).map((id) => `${id} has left`);
  if (came.length + went.length > 0) find("news", HTMLElement).textContent = [...came, ...went].join(", ");
}

let shown = "";

/** Only where they have changed: twenty times a second would be too much for a screen reader, and for the page. */
function showScores({ players }: Frame): void {
  const ranked = players.toSorted((one, other) => other.score - one.score || one.id.localeCompare(other.id));
  const words = ranked.map(({ id, score }) => `${id} ${score}`).join();
  if (words === shown) return;
  shown = words;
  const rows = ranked.map(({ id, score }) => {
    const row = make("li", "", id, make("strong", "", String(score)));
    row.style.setProperty("--colour", colourOf(id));
    return row;
  });
  find("scores", HTMLElement).replaceChildren(...rows);
}
