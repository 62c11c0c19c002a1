import { parseArgs } from "node:util";
import { rows } from "./rows/all.mjs";
import { metricRowsOf } from "./rows/metrics.mjs";

export const help = `npm run bench [-- options]

Measures Tidings beside its peers and writes bench/RESULTS.md. Rows that are finished are kept: started again on the
same machine and commit, it goes on where it was.

  --only F2       only this row; several: --only F1,F2
  --runs 5        alternating runs of each row; with fewer than 5 RESULTS.md is not written
  --metrics off,on  compares Tidings without metrics with Tidings that has them, by user CPU time, in F2 and F3 or those
                  of --only; 9 runs; writes bench/METRICS.md
  --fresh         forgets what is kept of the rows to be measured
  --json          prints JSON instead of tables
  --profile       runs Tidings alone, under Node's profiler, and prints where its time goes
  --list          lists the rows
  --help`;

/** @throws Error for what can't be meant */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true },
      runs: { type: "string" },
      metrics: { type: "string" },
      fresh: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const runs = Number(values.runs ?? (values.metrics === undefined ? FEWEST_RUNS : RUNS_OF_METRICS));
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: give a whole number from 1.`);
  if (values.metrics === undefined) return { ...values, runs, rows: rowsOf(values.only) };
  if (!/^(off,on|on,off)$/.test(values.metrics)) throw new Error(`--metrics ${values.metrics}: give both, off,on.`);
  if (values.profile) throw new Error("--profile says nothing of --metrics: it runs one Tidings alone.");
  return { ...values, runs, rows: metricRowsOf(rowsOf(values.only ?? ["F2,F3"])) };
}

/** A median of fewer says little. */
export const FEWEST_RUNS = 5;
/** What is looked for is no more than what two runs differ by anyway. */
const RUNS_OF_METRICS = 9;

function rowsOf(only) {
  if (only === undefined) return rows;
  const ids = only.flatMap((each) => each.split(",")).map((id) => id.trim().toUpperCase());
  const unknown = ids.find((id) => !rows.some((row) => row.id === id));
  if (unknown !== undefined)
    throw new Error(`There is no row ${unknown}: there are ${rows.map(({ id }) => id).join(", ")}.`);
  return rows.filter(({ id }) => ids.includes(id));
}
