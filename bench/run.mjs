// Measures Tidings beside its peers: README.md.
import { existsSync } from "node:fs";
import { buildTidings, hashOfBench } from "./build.mjs";
import { describeMachine } from "./machine.mjs";
import { measureRow } from "./measurement.mjs";
import { FEWEST_RUNS, help, readOptions } from "./options.mjs";
import { rows } from "./rows/all.mjs";

async function main(options) {
  if (options.help) console.log(help);
  else if (options.list) for (const { id, title, figure } of rows) console.log(`${id}  ${title} (${figure})`);
  else if (!["ws", "redis"].every((name) => existsSync(new URL(`node_modules/${name}/`, import.meta.url)))) {
    throw new Error("The peers are not installed. Run: npm ci --prefix bench");
  } else if (options.profile) await profile(options);
  else await measure(options);
}

async function measure(options) {
  // Not before the peers are known to be there: these load them.
  const { peerVersions } = await import("./peers.mjs");
  const { Progress } = await import("./progress.mjs");
  const { besideBefore, committedResults } = await import("./before.mjs");
  const { changesText, metricsCost, results, tableOf, write } = await import("./report.mjs");
  const { ResultsStore } = await import("./results-store.mjs");
  const { judge } = await import("./verdict.mjs");

  const progress = new Progress();
  progress.show("building Tidings", 0);
  const { url, hash } = buildTidings();
  const machine = describeMachine();
  const versions = peerVersions();
  const { runs, metrics } = options;
  const document = metrics === undefined ? results : metricsCost;
  const store = new ResultsStore({ machine, build: hash, bench: hashOfBench(), versions, runs, metrics });
  const committed = metrics === undefined ? committedResults() : undefined;
  const verdictOf = (row, measurement) => besideBefore(row, judge(row, measurement), committed);
  const judged = () => {
    return (metrics === undefined ? rows : options.rows).flatMap((row) => {
      const measurement = store.find(row.id);
      return measurement === undefined ? [] : verdictOf(row, measurement);
    });
  };
  for (const row of options.rows) {
    if (options.fresh) store.forget(row.id);
    const kept = store.find(row.id);
    const measurement = kept ?? (await measureRow(row, { runs, tidings: url, progress }));
    if (kept === undefined) store.keep(measurement);
    progress.say(
      `${row.id} ${kept === undefined ? `took ${Math.round(measurement.seconds)} s` : "was measured before"}`,
    );
    if (!options.json) console.log(`\n${tableOf(verdictOf(row, measurement))}\n`);
    // After each row: a run that is broken off has said what it found.
    if (runs >= FEWEST_RUNS) write(document, judged(), { machine, versions, runs });
  }
  progress.done();
  const wanted = judged().filter(({ row }) => options.rows.some(({ id }) => id === row));
  const changes = changesText(wanted);
  if (changes !== undefined) progress.say(changes);
  if (options.json) {
    console.log(JSON.stringify({ machine, versions, build: hash, runs, rows: wanted }, undefined, 2));
  }
  progress.say(
    runs >= FEWEST_RUNS
      ? `Written: bench/${document.file}${document.data === undefined ? "" : ` and ${document.data}`}`
      : `${document.file} was not written: ${runs} of at least ${FEWEST_RUNS} runs.`,
  );
}

async function profile({ rows: wanted }) {
  const { profileRow } = await import("./profile.mjs");
  const { url } = buildTidings();
  for (const row of wanted) {
    const text = (await profileRow(row, url)) ?? "It measures no time.";
    console.log(`\n${row.id}: ${row.title}\n${text}`);
  }
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
