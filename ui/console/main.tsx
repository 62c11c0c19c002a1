import { render } from "preact";
import { showTheme } from "../shared/theme.js";
import { readApi } from "./api.js";
import { AppDocument } from "./app-document.js";
import { channelAnchor } from "./channel-card.js";
import { Console } from "./console.js";
import { Desk } from "./desk.js";
import { readRoute } from "./route.js";
import type { Socket, Surroundings } from "./session.js";
import { TokenShelf } from "./token-shelf.js";

const appDocument = new AppDocument((headers) =>
  fetch("asyncapi.json", { credentials: "same-origin", cache: "no-store", headers }),
);

const surroundings: Surroundings = {
  // What is put there to be called is called with no less than it takes.
  open: (url, protocols) => new WebSocket(url, [...protocols]) as Socket,
  now: () => Date.now(),
  nextFrame: (run) => void requestAnimationFrame(run),
  // What was started anew may say something else of itself.
  reached: () => void appDocument.lookAgain(),
};

showTheme();
const root = document.getElementById("root");
if (root !== null) await start(root);

async function start(root: HTMLElement): Promise<void> {
  const shelf = new TokenShelf(sessionStorage);
  const token = takeToken();
  if (token !== undefined) shelf.keep(token);
  try {
    const desk = new Desk(readApi(await appDocument.read()), new URL(location.href), shelf, surroundings);
    document.title = `${desk.api.title}: console`;
    showRoute(desk);
    addEventListener("hashchange", () => {
      const token = takeToken();
      if (token === undefined) showRoute(desk);
      else desk.adoptToken(token);
    });
    render(<Console desk={desk} iconUrl={iconUrl()} hasChanged={appDocument.hasChanged} />, root);
  } catch (error) {
    render(<Failed why={error instanceof Error ? error.message : String(error)} />, root);
  }
}

function showRoute(desk: Desk): void {
  const { endpoint, channel } = readRoute(location.hash);
  desk.choose(endpoint);
  if (channel === undefined) return;
  requestAnimationFrame(() => document.getElementById(channelAnchor(channel))?.scrollIntoView());
}

/** `#token=…` in a link: it is taken out of the address. */
function takeToken(): string | undefined {
  if (location.hash.startsWith("#/")) return undefined;
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** Where the page says that its icon is. */
function iconUrl(): string {
  return document.querySelector<HTMLLinkElement>("link[rel=icon]")?.href ?? "";
}

function Failed({ why }: { readonly why: string }) {
  return (
    <main class="failed card stack">
      <h1>The console can't show this app</h1>
      <p>{why}</p>
      <div>
        <button type="button" onClick={() => location.reload()}>
          Try again
        </button>
      </div>
    </main>
  );
}
