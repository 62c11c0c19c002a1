// Lets Prometheus' own `promtool` read what a busy app answers at /metrics, the expressions of Grafana's dashboard, and those
// of the alerts in the docs.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBusyMetrics } from "../test/support/metrics/busy-app.ts";
import { findPromtool, runPromtool, withFolder } from "./metrics/promtool.mjs";

const GRAFANA = "docs/grafana/tidings.json";
const DOCS = "docs/how-to/metrics.md";
/** Labels that Prometheus adds to what it scrapes. */
const SCRAPED = ["job", "instance"];

try {
  const promtool = findPromtool();
  const { page, families } = await readBusyMetrics();
  checkPage(promtool, page, families);
  checkExpressions(promtool, GRAFANA, expressionsOfGrafana(), page);
  checkExpressions(promtool, DOCS, expressionsOfAlerts(), page);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function checkPage(promtool, page, families) {
  const empty = families.filter(({ samples }) => samples.length === 0).map(({ name }) => name);
  if (empty.length > 0) throw new Error(`The app was not busy enough: nothing is to be seen of ${empty.join(", ")}.`);
  const remarks = runPromtool(promtool, ["check", "metrics"], page);
  if (remarks.trim() !== "") throw new Error(`/metrics: ${remarks}`);
  console.log(`/metrics: ${namesIn(page).length} metrics pass`);
}

/** Are they PromQL, and about metrics and labels that there are? */
function checkExpressions(promtool, file, expressions, page) {
  const names = namesIn(page);
  for (const expression of expressions) {
    const asked = expression.match(/\b(websocket|process|nodejs)_[a-z_]+/g) ?? [];
    const isThere = (name) => names.includes(name) || names.includes(name.replace(/_(bucket|sum|count)$/, ""));
    const odd =
      asked.find((name) => !isThere(name)) ?? labelsIn(expression).find((label) => !hasLabel(page, asked, label));
    if (odd !== undefined) throw new Error(`${file}: ${odd} is not there, which is asked for in ${expression}`);
  }
  const rules = expressions.map((expr, index) => ({ record: `of:${index}`, expr }));
  withFolder((folder) => {
    // YAML takes JSON.
    writeFileSync(join(folder, "rules.yml"), JSON.stringify({ groups: [{ name: "checked", rules }] }));
    runPromtool(promtool, ["check", "rules", "--lint=none", join(folder, "rules.yml")]);
  });
  console.log(`${file}: ${expressions.length} expressions pass`);
}

function namesIn(page) {
  return Array.from(page.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name);
}

/** Those that it sums by, and those that it picks by. */
function labelsIn(expression) {
  const found = [...expression.matchAll(/\bby \(([^)]*)\)|[{,](\w+)=/g)];
  return found.flatMap(([, summed, picked]) => (summed ?? picked).split(/, */));
}

function hasLabel(page, names, label) {
  if (SCRAPED.includes(label)) return true;
  const samples = page.split("\n").filter((line) => names.some((name) => line.startsWith(`${name}{`)));
  return samples.some((line) => new RegExp(`[{,]${label}="`).test(line));
}

function expressionsOfGrafana() {
  const { panels, templating } = JSON.parse(read(GRAFANA));
  const variables = templating.list.map(({ name }) => name);
  const used = Array.from(JSON.stringify(panels).matchAll(/\$\{?(?!__)(\w+)/g), ([, name]) => name);
  const unknown = used.find((name) => !variables.includes(name));
  if (unknown !== undefined) throw new Error(`${GRAFANA}: there is no variable ${unknown}.`);
  if (new Set(panels.map(({ id }) => id)).size < panels.length) throw new Error(`${GRAFANA}: two panels have one id.`);
  const targets = panels.flatMap(({ targets = [] }) => targets);
  return targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m"));
}

function expressionsOfAlerts() {
  const found = Array.from(read(DOCS).matchAll(/\{ alert: \w+, +expr: '([^']+)'/g), ([, expression]) => expression);
  if (found.length === 0) throw new Error(`${DOCS}: there are no alerts.`);
  return found;
}

function read(path) {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}
