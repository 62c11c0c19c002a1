import { connect } from "tidings/client";
import { find } from "../../page/element.js";
import { showStatus } from "../../page/status.js";
import { tokenFor } from "../../page/token.js";
import { thresholds } from "../alerts.js";
import type { desk } from "../app.js";
import type { Sample } from "../meter.js";
import { showAlerts } from "./alert-list.js";
import { Chart } from "./chart.js";

const KEPT = 300;

const charts = [
  new Chart({ figure: "cpu", title: "Processors", unit: "%", limit: thresholds.cpu }),
  new Chart({ figure: "memory", title: "Memory", unit: "MB", limit: thresholds.memory }),
  new Chart({ figure: "requests", title: "Requests", unit: "/s" }),
  new Chart({ figure: "p95", title: "95 % answered within", unit: "ms", limit: thresholds.p95 }),
];
find("charts", HTMLElement).append(...charts.map(({ element }) => element));

find("enter", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  look(find("name", HTMLInputElement).value.trim(), find("role", HTMLSelectElement).value);
});

find("slow", HTMLButtonElement).addEventListener("click", () => {
  void Promise.allSettled(Array.from({ length: 30 }, () => fetch("/slow")));
});

function look(name: string, role: string): void {
  const client = connect<typeof desk>("/ws/desk", { token: tokenFor(name, role) });
  const status = find("status", HTMLElement);
  showStatus(client, status);
  status.hidden = false;
  client.onStatus((status) => find("desk", HTMLElement).classList.toggle("old", status !== "open"));
  showAlerts(client, role);
  let samples: readonly Sample[] = [];
  // A server that is another has none of the old figures: what is shown stays, and the line has a gap too.
  const figures = client.subscribe("figures", { rewind: KEPT, onGap: () => {} });
  figures.on("sample", (sample) => {
    samples = [...samples, sample].slice(-KEPT);
    for (const chart of charts) chart.show(samples);
  });
  find("enter", HTMLElement).hidden = true;
  find("desk", HTMLElement).hidden = false;
  find("slow", HTMLElement).focus();
}
