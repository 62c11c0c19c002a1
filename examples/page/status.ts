import type { Client, Status } from "tidings/client";

/** Writes into `<output class="status">` how the connection is, and offers to dial at once where the client waits. */
export function showStatus(client: Pick<Client, "onStatus" | "reconnect" | "status">, output: HTMLElement): void {
  const now = Object.assign(document.createElement("button"), { type: "button", textContent: "Connect now" });
  now.addEventListener("click", () => client.reconnect());
  const show = (status: Status, reason = "") => {
    output.dataset.status = status;
    output.textContent = status === "closed" && reason !== "" ? `${words.closed} (${reason})` : words[status];
    if (status === "waiting") output.after(now);
    else now.remove();
  };
  show(client.status);
  client.onStatus((status, why) => show(status, why?.reason));
}

const words: Readonly<Record<Status, string>> = {
  connecting: "Connecting…",
  open: "Connected",
  waiting: "The connection is lost. It will be tried again.",
  closed: "Not connected",
};
