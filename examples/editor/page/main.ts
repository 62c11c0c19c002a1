import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { find } from "../../page/element.js";
import { tokenFor } from "../../page/token.js";
import { offerOffline, watchLine } from "./line.js";
import { showPeople } from "./people.js";
import { watchSaving } from "./saving.js";
import { bindText } from "./text-binding.js";

const area = find("text", HTMLTextAreaElement);

find("enter", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const [name, document] = [find("name", HTMLInputElement).value.trim(), find("document", HTMLInputElement).value];
  open(name, document, find("role", HTMLSelectElement).value).catch((error: unknown) => {
    Object.assign(find("status", HTMLElement), { hidden: false, textContent: String(error) });
  });
});

async function open(name: string, document: string, role: string): Promise<void> {
  const fetchToken = tokenFor(name, role);
  const doc = new Y.Doc();
  const text = doc.getText("text");
  const url = `${location.origin.replace("http", "ws")}/ws/documents`;
  const provider = new WebsocketProvider(url, document, doc, {
    params: { token: await fetchToken(), tell: "saved" },
    disableBc: true, // else tabs of one browser talk behind the server's back
    // 1009: the same would be too big again.
    shouldReconnect: ({ code }) => code !== 1009 && (code < 4400 || code > 4499),
  });
  watchLine(provider, fetchToken);
  offerOffline(provider);
  if (role !== "reader") watchSaving(provider, showUnsaved);

  const { awareness } = provider;
  awareness.setLocalState({ user: { name } });
  provider.on("status", ({ status }) => {
    // Said anew to who has taken this page for gone.
    if (status === "connected") awareness.setLocalState(awareness.getLocalState());
    if (status === "disconnected") forgetOthers(awareness);
  });
  bindText(area, text, (cursor) => awareness.setLocalStateField("cursor", cursor));
  showPeople(awareness, text, { area, list: find("people", HTMLElement), cursors: find("cursors", HTMLElement) });

  area.readOnly = role === "reader";
  find("enter", HTMLElement).hidden = true;
  find("desk", HTMLElement).hidden = false;
  if (role === "reader") find("saved", HTMLElement).textContent = "You may only read.";
  area.focus();
}

/** The provider forgets them, but for how often each has spoken: what they said last would pass for old. */
function forgetOthers({ meta, clientID }: WebsocketProvider["awareness"]): void {
  for (const id of meta.keys()) if (id !== clientID) meta.delete(id);
}

function showUnsaved(count: number | undefined): void {
  const words = count === 0 ? "All is saved." : "Saving…";
  find("saved", HTMLElement).textContent = count === undefined ? "Kept in this page until it is connected." : words;
}
