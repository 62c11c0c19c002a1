import { type ClientFor, TidingsError } from "tidings/client";
import { find, make } from "../../page/element.js";
import type { Alert, Watched } from "../alerts.js";
import type { desk } from "../app.js";

const words: Readonly<Record<Watched, (value: number) => string>> = {
  cpu: (value) => `The processors are busy: ${value} %`,
  memory: (value) => `Much memory is taken: ${value} MB`,
  p95: (value) => `Answers are slow: ${value} ms`,
};

/** The alerts that stand, with a button for who may acknowledge them. */
export function showAlerts(client: ClientFor<typeof desk>): void {
  let standing: readonly Alert[] = [];
  const set = (alerts: readonly Alert[]) => {
    standing = alerts;
    find("alerts", HTMLElement).replaceChildren(...alerts.map((alert) => row(alert, acknowledge)));
  };
  const acknowledge = async ({ id }: Alert) => {
    const output = find("refused", HTMLElement);
    output.textContent = "";
    await client.request("acknowledge", { alert: id }).catch((error: unknown) => {
      output.textContent = error instanceof TidingsError ? error.message : String(error);
    });
  };
  const channel = client.subscribe("alerts", { onState: set });
  channel.on("raised", (alert) => set([...standing.filter(({ id }) => id !== alert.id), alert]));
  channel.on("eased", ({ id }) => set(standing.filter((alert) => alert.id !== id)));
  channel.on("acknowledged", ({ id, by }) => {
    set(standing.map((alert) => (alert.id === id ? { ...alert, acknowledgedBy: by } : alert)));
  });
}

function row(alert: Alert, acknowledge: (alert: Alert) => Promise<void>): HTMLElement {
  const { figure, value, at, acknowledgedBy } = alert;
  const text = make("span", "", `${words[figure](value)} at ${new Date(at).toLocaleTimeString()}`);
  if (acknowledgedBy !== undefined) {
    const done = make("li", "", text, make("span", "quiet", `${acknowledgedBy} looks after it`));
    done.dataset.acknowledged = "";
    return done;
  }
  const button = make("button", "", "Acknowledge");
  button.type = "button";
  button.addEventListener("click", () => void acknowledge(alert));
  return make("li", "", text, button);
}
