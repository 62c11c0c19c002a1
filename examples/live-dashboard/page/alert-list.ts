import { type ClientFor, TidingsError } from "tidings/client";
import { find, make, remove } from "../../page/element.js";
import type { Alert, Watched } from "../alerts.js";
import type { desk } from "../app.js";

const words: Readonly<Record<Watched, (value: number) => string>> = {
  cpu: (value) => `The processors are busy: ${value} %`,
  memory: (value) => `Much memory is taken: ${value} MB`,
  p95: (value) => `Answers are slow: ${value} ms`,
};

/** The alerts that stand, with a button for an operator. Who is one is for the server to say: it may refuse. */
export function showAlerts(client: ClientFor<typeof desk>, role: string): void {
  const list = find("alerts", HTMLElement);
  const rows = new Map<string, Row>();
  const add = (alert: Alert) => {
    const acknowledge = () => client.request("acknowledge", { alert: alert.id });
    const row = rows.get(alert.id) ?? new Row(alert, role === "operator" ? acknowledge : undefined);
    if (alert.acknowledgedBy !== undefined) row.showOwner(alert.acknowledgedBy);
    rows.set(alert.id, row);
    list.append(row.element);
  };
  const drop = (id: string) => {
    remove(rows.get(id)?.element ?? null, find("alerts-title", HTMLElement));
    rows.delete(id);
  };
  const channel = client.subscribe("alerts", {
    onState(standing) {
      for (const id of rows.keys()) if (!standing.some((alert) => alert.id === id)) drop(id);
      for (const alert of standing) add(alert);
    },
  });
  channel.on("raised", add);
  channel.on("eased", ({ id }) => drop(id));
  channel.on("acknowledged", ({ id, by }) => rows.get(id)?.showOwner(by));
}

/** One alert, what can be done about it, and why not. */
class Row {
  readonly element: HTMLLIElement;
  readonly #toDo: HTMLElement;
  readonly #refused = make("span", "refused");

  /** @param acknowledge undefined for who may not */
  constructor({ figure, value, at }: Alert, acknowledge: (() => Promise<unknown>) | undefined) {
    const text = `${words[figure](value)} at ${new Date(at).toLocaleTimeString()}`;
    this.#toDo =
      acknowledge === undefined
        ? make("span", "quiet", "Only an operator acknowledges it.")
        : this.#button(acknowledge);
    this.element = make("li", "", make("span", "", text), this.#toDo, this.#refused);
  }

  showOwner(name: string): void {
    this.element.dataset.acknowledged = "";
    this.#refused.textContent = "";
    const owner = make("span", "quiet", `${name} looks after it`);
    this.#toDo.before(owner);
    remove(this.#toDo, find("alerts-title", HTMLElement));
  }

  #button(acknowledge: () => Promise<unknown>): HTMLButtonElement {
    const button = Object.assign(make("button", "", "Acknowledge"), { type: "button" });
    button.addEventListener("click", () => {
      this.#refused.textContent = "";
      acknowledge().catch((error: unknown) => {
        this.#refused.textContent = error instanceof TidingsError ? error.message : String(error);
      });
    });
    return button;
  }
}
