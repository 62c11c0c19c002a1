import type { WebsocketProvider } from "y-websocket";
import { find } from "../../page/element.js";

/** Shows how the connection is, and dials again with a fresh token where the old one is no longer good. */
export function watchLine(provider: WebsocketProvider, fetchToken: () => Promise<string>): void {
  const output = find("status", HTMLElement);
  const show = (status: keyof typeof words, why = "") => {
    output.hidden = false;
    output.dataset.status = status;
    output.textContent = words[status] + why;
  };
  let isFresh = false;
  provider.on("sync", (isSynced) => {
    if (isSynced) isFresh = false;
  });
  provider.on("status", ({ status }) => {
    if (status === "connected") show("open");
    else if (status === "connecting") show("connecting");
    else show("waiting", provider.shouldConnect ? "" : ", as you wanted it");
  });
  provider.on("closed", async ({ code, reason }) => {
    show("closed", ` (${reason})`);
    if (code !== 4401 || isFresh) return;
    isFresh = true;
    provider.params = { ...provider.params, token: await fetchToken() };
    provider.connect();
  });
  show("connecting");
}

const words = {
  connecting: "Connecting…",
  open: "Connected",
  waiting: "Offline",
  closed: "Not connected",
};

/** A button that takes the page off the line and puts it back: to see what becomes of what is written meanwhile. */
export function offerOffline(provider: WebsocketProvider): void {
  const button = find("line", HTMLButtonElement);
  button.addEventListener("click", () => {
    const isOffline = provider.shouldConnect;
    button.textContent = isOffline ? "Go online" : "Work offline";
    if (isOffline) provider.disconnect();
    else provider.connect();
  });
}
