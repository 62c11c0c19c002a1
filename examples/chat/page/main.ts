import { connect } from "tidings/client";
import { find, make } from "../../page/element.js";
import { showStatus } from "../../page/status.js";
import { tokenFor } from "../../page/token.js";
import type { talk } from "../app.js";

const entrance = find("entrance", HTMLFormElement);
const lines = find("lines", HTMLOListElement);

entrance.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(entrance);
  // Kept in the address, so that a reload leads to the same room under the same name.
  const visit = new URLSearchParams({ name: String(given.get("name")).trim(), room: String(given.get("room")).trim() });
  history.replaceState(null, "", `#${visit}`);
  enter(visit);
});
const visit = new URLSearchParams(location.hash.slice(1));
if (visit.has("name") && visit.has("room")) enter(visit);

function enter(visit: URLSearchParams): void {
  const { name: me = "", room = "" } = Object.fromEntries(visit);
  const client = connect<typeof talk>("/ws", { token: tokenFor(me) });
  showStatus(client, find("status", HTMLOutputElement));
  client.onStatus((status) => find("room", HTMLElement).classList.toggle("old", status !== "open"));
  entrance.hidden = true;
  for (const id of ["room", "leave"]) find(id, HTMLElement).hidden = false;
  find("title", HTMLElement).textContent = `${room}, as ${me}`;

  const subscription = client.subscribe("chat/:room", { room }, { rewind: 100, presence: true, onGap });
  subscription.on("said", ({ from, text, at }) => {
    addLine(from === me ? "mine" : "", make("strong", "", from), make("span", "said", text), timeOf(at));
    showTyping(from, false);
  });
  const { expectAll } = showMembers(subscription.presence, me);
  function onGap(): void {
    addLine("notice", "What was said meanwhile may be missing here.");
    expectAll();
  }
  client.subscribe("typing/:room", { room }).on("typing", ({ name }) => showTyping(name, true));

  const text = find("text", HTMLInputElement);
  let toldAt = 0;
  text.focus();
  find("say", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void say(text.value);
    text.value = "";
    toldAt = 0;
  });
  text.addEventListener("input", () => {
    // What waits for a connection would be told too late.
    if (client.status !== "open" || Date.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = Date.now();
    client.send("typing", { room });
  });

  /** Where the connection is lost it waits, and is said once when it is back. */
  async function say(text: string): Promise<void> {
    const line = addLine("mine waiting", make("span", "said", text), make("em", "quiet", "not sent yet"));
    try {
      await subscription.publish("said", { from: me, text });
      line.remove(); // it has come, in its place among the others
    } catch (error) {
      line.replaceChildren(`Not sent: ${text} (${error instanceof Error ? error.message : error})`);
      line.classList.add("refused");
    }
  }
}

/** Notices who comes and who goes. Who is back within seconds of a lost connection has never gone. */
function showMembers(presence: Presence, me: string): { expectAll(): void } {
  let before = new Set<string>();
  let expected = new Set<string>();
  presence.on("change", (members) => {
    const now = new Set(members.map(({ id }) => id));
    for (const name of now) {
      const isBack = expected.delete(name);
      if (before.size > 0 && !before.has(name) && !isBack) addLine("notice", `${name} joined`);
    }
    for (const name of before) if (!now.has(name)) addLine("notice", `${name} left`);
    find("members", HTMLElement).replaceChildren(
      ...[...now].map((name) => make("li", "", name === me ? `${name} (you)` : name)),
    );
    before = now;
  });
  return {
    /** The server, or another in its place, knows nothing of before: that those who were here come back is no news. */
    expectAll() {
      expected = new Set([...expected, ...before]);
      before = new Set();
    },
  };
}
interface Presence {
  on(type: "change", listener: (members: readonly { readonly id: string }[]) => void): void;
}

/** For as long as it may be true. */
function showTyping(name: string, isTyping: boolean): void {
  clearTimeout(writers.get(name));
  writers.delete(name);
  if (isTyping) writers.set(name, setTimeout(showTyping, TELL_EVERY_MS + 1_000, name, false));
  const names = [...writers.keys()].join(", ");
  find("typing", HTMLElement).textContent = names === "" ? "" : `${names} writing…`;
}
const writers = new Map<string, ReturnType<typeof setTimeout>>();
const TELL_EVERY_MS = 2_000;

/** What waits to be said stays last. */
function addLine(className: string, ...content: readonly (Node | string)[]): HTMLLIElement {
  const line = make("li", className, ...content);
  // Who reads further up is left there.
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement;
  lines.insertBefore(line, className.includes("waiting") ? null : lines.querySelector(".waiting"));
  if (lines.children.length > MOST_LINES) lines.firstElementChild?.remove();
  if (scrollHeight - scrollTop - clientHeight < 40) scrollTo(0, document.documentElement.scrollHeight);
  return line;
}
const MOST_LINES = 500;

function timeOf(at: string): HTMLTimeElement {
  const time = make("time", "quiet", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = at;
  return time;
}
