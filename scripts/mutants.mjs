// Breaks one rule after the other in a copy, and tells which tests noticed: test/mutants.ts.
import { parseArgs } from "node:util";
import { Progress } from "../bench/progress.mjs";
import { keptPromises, mutants } from "../test/mutants.ts";
import { MutantWorkshop } from "./mutants/workshop.mjs";

const help = `npm run mutants [-- options]

Applies each change of test/mutants.ts to a copy of the repository and runs the tests that must then fail. It fails where
they pass, where the change's text is not there exactly once, and where with it no test runs. Where a test only waits in
vain, the tests as they are are timed at once, and then the change is tried again: what is slow is not taken for killed.

  --only <text>   only those whose promise, description or file has this in it; several: --only order --only close
  --jobs 2        how many at once, 1 or 2
  --list          lists them
  --json          prints JSON instead of lines
  --help`;

const options = readOptions(process.argv.slice(2));
if (options.help) console.log(help);
else if (options.list) list(options.mutants);
else {
  try {
    await run(options);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function run({ mutants, jobs, json }) {
  const progress = new Progress();
  // Elsewhere the lines below say how far it is.
  const show = (what, share) => process.stderr.isTTY && progress.show(what, share);
  const workshop = new MutantWorkshop(Math.min(jobs, mutants.length));
  try {
    show("the tests as they are", 0);
    const failures = await workshop.tryUnchanged(mutants.map(({ suite }) => suite));
    progress.done();
    if (failures.length > 0) throw new Error(`The tests fail without any mutant:\n${failures.join("\n")}`);

    const results = [];
    show(`0 of ${mutants.length} mutants`, 0);
    await workshop.tryEach(mutants, (result) => {
      results.push(result);
      progress.done();
      if (!json) console.log(lineOf(result));
      show(`${results.length} of ${mutants.length} mutants`, results.length / mutants.length);
    });
    progress.done();
    report(results, { mutants, json });
  } finally {
    workshop.close();
  }
}

function report(results, { mutants, json }) {
  const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
  const [killed, survived] = [count("killed"), count("survived")];
  const hanging = results.filter(({ hangs }) => hangs).length;
  const notTried = results.length - killed - survived;
  if (json) {
    const inOrder = mutants.map((mutant) => results.find((result) => result.mutant === mutant));
    const rows = inOrder.map(({ mutant, ...result }) => ({ ...mutant, ...result }));
    console.log(JSON.stringify({ mutants: rows, killed, hanging, survived, notTried }, undefined, 2));
  } else {
    const others = notTried > 0 ? `, ${notTried} not tried` : "";
    const how = hanging > 0 ? ` (${hanging} by hanging)` : "";
    console.log(`${results.length} mutants: ${killed} killed${how}, ${survived} survived${others}`);
  }
  if (killed < results.length) process.exitCode = 1;
}

function lineOf({ mutant: { guards, breaks, file }, outcome, hangs, because, seconds }) {
  // What is not as it should be stands out.
  const word = outcome === "killed" ? `killed${hangs ? " (hangs)" : ""}` : outcome.toUpperCase();
  return `${word}: ${guards}: ${breaks} (${file}, ${seconds.toFixed(1)} s)\n    ${because.replaceAll("\n", "\n    ")}`;
}

function list(mutants) {
  for (const { guards, breaks, file } of mutants) console.log(`${guards}: ${breaks} (${file})`);
  console.log(`${mutants.length} mutants`);
}

function readOptions(args) {
  const { values } = parse(args);
  const jobs = Number(values.jobs);
  if (jobs !== 1 && jobs !== 2) stop(`--jobs ${values.jobs}: give 1 or 2.`);
  const unguarded = keptPromises.filter((promise) => !mutants.some(({ guards }) => guards === promise));
  if (unguarded.length > 0) stop(`test/mutants.ts has none for ${unguarded.join(" and none for ")}.`);
  const wanted = values.only?.map((text) => text.toLowerCase());
  const chosen = mutants.filter(({ guards, breaks, file }) => {
    const said = `${guards}\n${breaks}\n${file}`.toLowerCase();
    return wanted === undefined || wanted.some((text) => said.includes(text));
  });
  if (chosen.length === 0) stop(`--only ${wanted.join(" --only ")}: there is none. --list lists them.`);
  return { ...values, jobs, mutants: chosen };
}

function parse(args) {
  const flag = { type: "boolean", default: false };
  try {
    return parseArgs({
      args,
      options: {
        only: { type: "string", multiple: true },
        jobs: { type: "string", default: "2" },
        list: flag,
        json: flag,
        help: flag,
      },
    });
  } catch (error) {
    return stop(`${error.message}\n\n${help}`);
  }
}

function stop(line) {
  console.error(line);
  process.exit(2);
}
