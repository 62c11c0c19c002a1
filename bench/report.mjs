import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { peers } from "./peers.mjs";
import { rows } from "./rows/all.mjs";

/** What Tidings reaches beside its peers. */
export const results = {
  file: "RESULTS.md",
  head: [
    "# What Tidings reaches beside its peers",
    "",
    "Written by `npm run bench`; README.md beside it says what is measured and how. Figures are of one machine: compare the ratios.",
    "A ratio is the median over the runs of Tidings' figure divided by the peer's of the same run; its spread is the least and the most.",
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
  const [first] = contenders;
  const heads = first.besides.map(({ head }) => head);
  const head = ["", figure, "spread", ...heads, ...(isEachAlone ? [] : [`${first.label} to it`, "spread"])];
  const lines = contenders.map(({ label, figure: own, besides, ratio }) => {
    if (own === undefined) return [label, "none", ...head.slice(2).map(() => "")];
    const ratioText =
      ratio === undefined ? ["", ""] : [times(ratio.median), `${times(ratio.least)}–${times(ratio.most)}`];
    return [
      label,
      numberText(own.median),
      `${numberText(own.least)}–${numberText(own.most)}`,
      ...besides.map(besideText),
      ...(isEachAlone ? [] : ratioText),
    ];
  });
  const reached = goals.map(({ text, measured, isReached }) => {
    const word = isReached === undefined ? "not measured" : `${measured}, ${isReached ? "reached" : "NOT REACHED"}`;
    return `- ${text}: ${word}`;
  });
  const reasons = contenders.flatMap(({ label, missing }) => (missing === undefined ? [] : `- ${label}: ${missing}`));
  return [`## ${row}: ${title}`, "", ...alignColumns(head, lines), "", ...reached, ...reasons].join("\n");
}

/**
 * Writes a document.
 *
 * @param {typeof results} document
 * @param {ReturnType<import("./verdict.mjs").judge>[]} verdicts
 * @param {{ machine: ReturnType<import("./machine.mjs").describeMachine>, versions: string, runs: number }} of
 */
export function write({ file, head, rows, foot }, verdicts, { machine, versions, runs }) {
  const { cpu, cores, memoryGb, node, platform, pinning, commit, isDirty } = machine;
  const dates = verdicts.map(({ date }) => date.slice(0, 10)).sort();
  const missing = rows.filter((id) => !verdicts.some(({ row }) => row === id));
  const lines = [
    ...head,
    "",
    `- Date: ${[...new Set([dates[0], dates.at(-1)])].join(" to ")}; commit: ${commit}${isDirty ? " and changes in src that are not committed" : ""}; runs: ${runs}, alternating`,
    `- Machine: ${cpu}, ${cores} cores, ${memoryGb} GB, ${platform}; ${pinning}`,
    `- Node ${node}; ${versions}`,
    ...(missing.length > 0 ? [`- Not measured in this run: ${missing.join(", ")}`] : []),
    "",
    ...verdicts.flatMap((verdict) => [tableOf(verdict), ""]),
    ...foot,
  ];
  writeFileSync(fileURLToPath(new URL(file, import.meta.url)), `${lines.join("\n").trimEnd()}\n`);
}

function alignColumns(head, lines) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...lines].map((line) => line[column].length)));
  const row = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [row(head), `| ${rule.join(" | ")} |`, ...lines.map(row)];
}

function besideText({ figure, isRatio }) {
  if (figure === undefined) return "";
  return isRatio ? times(figure.median) : numberText(figure.median);
}

function times(ratio) {
  return `${ratio.toFixed(2)} ×`;
}

function numberText(value) {
  if (value >= 100_000) return `${Math.round(value / 1_000).toLocaleString("en")} k`;
  return Math.round(value).toLocaleString("en");
}
