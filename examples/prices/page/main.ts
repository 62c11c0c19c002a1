import { connect } from "tidings/client";
import { find, make } from "../../page/element.js";
import { showStatus } from "../../page/status.js";
import type { feed } from "../app.js";
import type { Quote } from "../market.js";

const client = connect<typeof feed>("/ws");
const board = find("board", HTMLTableSectionElement);
showStatus(client, find("status", HTMLOutputElement));
client.onStatus((status) => board.classList.toggle("old", status !== "open"));

/** A price in the table. Who follows it hears each change, and sees the last sixty. */
class Row {
  readonly #price = make("td", "number");
  readonly #change = make("td", "number");
  readonly #chart = make("td", "chart");
  readonly #symbol: string;
  #followed: { unsubscribe(): Promise<void> } | undefined;
  #points: number[] = [];

  constructor({ symbol }: Quote) {
    this.#symbol = symbol;
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    box.addEventListener("change", () => (box.checked ? this.#follow() : this.#leave()));
    const name = make("th", "", make("label", "", box, symbol));
    name.scope = "row";
    board.append(make("tr", "", name, this.#price, this.#change, this.#chart));
    box.checked = firstFollowed.includes(symbol);
    if (box.checked) this.#follow();
  }

  /** From the board: of what is followed it is no news. */
  show(quote: Quote): void {
    if (this.#followed === undefined) this.#write(quote);
  }

  #follow(): void {
    const ticks = client.subscribe(
      "prices/:symbol",
      { symbol: this.#symbol },
      { rewind: LONGEST, onState: (quote) => this.#write(quote), onGap: () => this.#clear() },
    );
    ticks.on("tick", (quote) => {
      this.#write(quote);
      this.#points = [...this.#points, quote.price].slice(-LONGEST);
      this.#draw();
    });
    this.#followed = ticks;
  }

  #leave(): void {
    void this.#followed?.unsubscribe();
    this.#followed = undefined;
    this.#clear();
  }

  /** Also where changes were lost that can't be had again: the chart begins anew. */
  #clear(): void {
    this.#points = [];
    this.#chart.replaceChildren();
  }

  #write({ price, change }: Quote): void {
    this.#price.textContent = price.toFixed(2);
    this.#change.textContent = `${change > 0 ? "+" : ""}${change.toFixed(2)}%`;
    this.#change.className = change === 0 ? "number" : `number ${change < 0 ? "down" : "up"}`;
  }

  #draw(): void {
    const [low, high] = [Math.min(...this.#points), Math.max(...this.#points)];
    const points = this.#points.map((price, index) => {
      const y = high === low ? 14 : 27 - (26 * (price - low)) / (high - low);
      const x = (100 * (index + LONGEST - this.#points.length)) / (LONGEST - 1); // the newest is on the right
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    const line = makeSvg("polyline", { points: points.join(" ") });
    const label = `${this.#symbol}, ${points.length} changes from ${low.toFixed(2)} to ${high.toFixed(2)}`;
    const svg = makeSvg("svg", {
      viewBox: "0 0 100 28",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
    });
    svg.append(line);
    this.#chart.replaceChildren(svg);
  }
}

const LONGEST = 60;
const firstFollowed = ["GOLD", "COFFEE"];
const rows = new Map<string, Row>();

const all = client.subscribe("board", { onState: showBoard });
all.on("quotes", showBoard);

function showBoard(quotes: readonly Quote[]): void {
  for (const quote of quotes) {
    const row = rows.get(quote.symbol) ?? new Row(quote);
    rows.set(quote.symbol, row);
    row.show(quote);
  }
}

function makeSvg(name: "svg" | "polyline", attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
