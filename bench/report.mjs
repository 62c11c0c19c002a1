import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AS_BEFORE } from "./before.mjs";
import { peers } from "./peers.mjs";
import { rows } from "./rows/all.mjs";

/** What Tidings reaches beside its peers. */
export const results = {
  file: "RESULTS.md",
  data: "results.json",
  head: [
    "# What Tidings reaches beside its peers",
    "",
    "Written by `npm run bench`; README.md beside it says what is measured and how. Figures are of one machine: compare the ratios.",
    "A ratio is the median over the runs of Tidings' figure divided by the peer's of the same run; its spread is the least and the most.",
    'Beside each is what it was in the results that were committed before: it has changed where the two spreads have nothing in common, else it is "as before".',
  ],
  rows: rows.map(({ id }) => id),
  foot: [
    "## What each server does",
    "",
    ...Object.values(peers).flatMap(({ label, does }) => (does === undefined ? [] : `- ${label}: ${does}.`)),
  ],
};

/** What metrics cost. */
export const metricsCost = {
  file: "METRICS.md",
  head: [
    "# What metrics cost",
    "",
    "Written by `npm run bench -- --metrics off,on`; README.md beside it says what is measured and how. Figures are of one machine.",
    "A ratio is the median over the runs of what Tidings does with metrics divided by what it does without in the same run; its spread",
    "is the least and the most. 0.95 × would be 5 % less for the same user CPU time.",
  ],
  rows: [],
  foot: [],
};

/**
 * The table of one row, for a terminal and for Markdown alike.
 *
 * @param {ReturnType<import("./verdict.mjs").judge>} verdict
 */
export function tableOf({ row, title, figure, isEachAlone, contenders, goals }) {
  const columns = columnsOf({ figure, isEachAlone, contenders });
  const head = columns.map(([each]) => each);
  const lines = contenders.map((contender) => {
    if (contender.figure === undefined) return [contender.label, "none", ...head.slice(2).map(() => "")];
    return columns.map(([, textOf]) => textOf(contender));
  });
  const reached = goals.map(({ text, measured, isReached }) => {
    const word = isReached === undefined ? "not measured" : `${measured}, ${isReached ? "reached" : "NOT REACHED"}`;
    return `- ${text}: ${word}`;
  });
  const reasons = contenders.flatMap(({ label, missing }) => (missing === undefined ? [] : `- ${label}: ${missing}`));
  return [`## ${row}: ${title}`, "", ...alignColumns(head, lines), "", ...reached, ...reasons].join("\n");
}

/** Heads, each with the text of a contender below it. */
function columnsOf({ figure, isEachAlone, contenders }) {
  const [first] = contenders;
  const besides = first.besides.flatMap(({ head, isRatio }, index) => {
    const figureOf = (contender) => contender.besides[index].figure;
    const column = [head, (contender) => besideText(figureOf(contender), isRatio)];
    const hasBefore = contenders.some((contender) => figureOf(contender)?.before !== undefined);
    return hasBefore ? [column, ["before", (contender) => beforeText(figureOf(contender))]] : [column];
  });
  const ratio = [
    [`${first.label} to it`, (contender) => besideText(contender.ratio, true)],
    ["spread", (contender) => (contender.ratio === undefined ? "" : spreadText(contender.ratio, times))],
  ];
  if (contenders.some((contender) => contender.ratio?.before !== undefined)) {
    ratio.push(["before", (contender) => beforeText(contender.ratio)]);
  }
  return [
    ["", ({ label }) => label],
    [figure, (contender) => numberText(contender.figure.median)],
    ["spread", (contender) => spreadText(contender.figure, numberText)],
    ...besides,
    ...(isEachAlone ? [] : ratio),
  ];
}

/**
 * How many ratios are as before, and which are not.
 *
 * @param {ReturnType<import("./verdict.mjs").judge>[]} verdicts
 * @returns {string | undefined} undefined: there is no before
 */
export function changesText(verdicts) {
  const found = verdicts.flatMap(({ row, contenders }) => {
    return contenders.flatMap(({ label, ratio, besides }) => [
      { name: `${row} ${label}`, ratio },
      ...besides.map(({ head, figure }) => ({ name: `${row} ${label} (${head})`, ratio: figure })),
    ]);
  });
  const compared = found.filter(({ ratio }) => ratio?.change !== undefined);
  if (compared.length === 0) return undefined;
  const changed = compared.filter(({ ratio: { change } }) => change !== AS_BEFORE);
  const texts = changed.map(({ name, ratio: { change, before, median } }) => {
    return `${name}: ${times(before.median)} → ${times(median)}, ${change}`;
  });
  const befores = [...new Set(verdicts.flatMap(({ before }) => (before === undefined ? [] : beforeName(before))))];
  const same = `${compared.length - changed.length} of ${compared.length} ratios are as before`;
  return `${[`Since ${befores.join(" and ")}: ${same}`, ...texts].join("; ")}`;
}

/**
 * Writes a document.
 *
 * @param {typeof results} document
 * @param {ReturnType<import("./verdict.mjs").judge>[]} verdicts
 * @param {{ machine: ReturnType<import("./machine.mjs").describeMachine>, versions: string, runs: number }} of
 */
export function write({ file, data, head, rows, foot }, verdicts, { machine, versions, runs }) {
  const { cpu, cores, memoryGb, node, platform, pinning, commit, isDirty } = machine;
  const dates = verdicts.map(({ date }) => date.slice(0, 10)).sort();
  const missing = rows.filter((id) => !verdicts.some(({ row }) => row === id));
  const changes = changesText(verdicts);
  const lines = [
    ...head,
    "",
    `- Date: ${[...new Set([dates[0], dates.at(-1)])].join(" to ")}; commit: ${commit}${isDirty ? " and changes in src that are not committed" : ""}; runs: ${runs}, alternating`,
    `- Machine: ${cpu}, ${cores} cores, ${memoryGb} GB, ${platform}; ${pinning}`,
    `- Node ${node}; ${versions}`,
    ...(changes === undefined ? [] : [`- ${changes}`]),
    ...(missing.length > 0 ? [`- Not measured in this run: ${missing.join(", ")}`] : []),
    "",
    ...verdicts.flatMap((verdict) => [tableOf(verdict), ""]),
    ...foot,
  ];
  writeFileSync(fileURLToPath(new URL(file, import.meta.url)), `${lines.join("\n").trimEnd()}\n`);
  if (data === undefined) return;
  /** @type {Results} */
  const told = { machine, versions, runs, rows: verdicts };
  const text = JSON.stringify(told, (_, value) => (typeof value === "number" ? roundedOf(value) : value), 2);
  writeFileSync(fileURLToPath(new URL(data, import.meta.url)), `${text}\n`);
}

/**
 * What is kept for the next time, beside what people read.
 *
 * @typedef {object} Results
 * @property {ReturnType<import("./machine.mjs").describeMachine>} machine
 * @property {string} versions
 * @property {number} runs
 * @property {ReturnType<import("./verdict.mjs").judge>[]} rows
 */

function roundedOf(value) {
  return Number(value.toPrecision(6));
}

function alignColumns(head, lines) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...lines].map((line) => line[column].length)));
  const row = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [row(head), `| ${rule.join(" | ")} |`, ...lines.map(row)];
}

function besideText(figure, isRatio) {
  if (figure === undefined) return "";
  return isRatio ? times(figure.median) : numberText(figure.median);
}

function spreadText({ least, most }, textOf) {
  return `${textOf(least)}–${textOf(most)}`;
}

/** `1.11 × (1.05 ×–1.16 ×), as before` */
function beforeText(ratio) {
  if (ratio?.before === undefined) return "";
  const { before, change } = ratio;
  if (change === undefined) return times(before.median);
  return `${times(before.median)} (${spreadText(before, times)}), ${change}`;
}

function beforeName({ commit, date }) {
  return `commit ${commit} of ${date.slice(0, 10)}`;
}

function times(ratio) {
  return `${ratio.toFixed(2)} ×`;
}

function numberText(value) {
  if (value >= 100_000) return `${Math.round(value / 1_000).toLocaleString("en")} k`;
  return Math.round(value).toLocaleString("en");
}
