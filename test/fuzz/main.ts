// Tries one target, and prints a line of JSON for each finding, and each second how far it is: scripts/fuzz.mjs.
import { openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { Campaign } from "./campaign.js";
import { keepInput, readCorpus } from "./corpus.js";
import { Coverage } from "./coverage.js";
import { targets } from "./targets.js";
import { Trial } from "./trial.js";

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "" },
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    /** A file for the input that is being tried: what never ends can be read there. */
    trying: { type: "string", default: "" },
    grow: { type: "boolean", default: false },
  },
});
const load = targets[values.target];
if (load === undefined) throw new Error(`There is no target "${values.target}".`);
// By hand: what a target lets stray is caught for as long as it is tried, and a fault of ours would be too.
await tryTarget(values.target, load).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

async function tryTarget(name: string, loadTarget: (typeof targets)[string]): Promise<void> {
  // Before the target is loaded: see Coverage.
  const coverage = new Coverage();
  const target = await loadTarget();
  const trial = await Trial.open(target);
  const file = openSync(values.trying, "w");
  const corpus = [...readCorpus(name).values()];
  const trying = (input: Buffer) => void writeSync(file, Buffer.concat([lengthOf(input), input]), 0, undefined, 0);
  const campaign = new Campaign({ target, trial, coverage, corpus, seed: Number(values.seed), trying });
  // From the beginning of the process.
  const endMs = Number(values.seconds) * 1_000;
  let told = 0;
  const tell = (isOver: boolean) => {
    for (const { breach, input } of campaign.findings.slice(told)) {
      const kept = keepInput(name, breach.rule, input);
      print({ finding: breach.rule, shown: breach.message, kept, bytes: input.length });
    }
    told = campaign.findings.length;
    print({ tried: campaign.tried, reached: coverage.size, grown: campaign.reaching.length, isOver });
  };
  tell(false);
  await campaign.begin();
  tell(false);
  let toldMs = performance.now();
  do {
    await campaign.step();
    if (performance.now() - toldMs < 1_000) continue;
    tell(false);
    toldMs = performance.now();
  } while (performance.now() < endMs);
  coverage.stop();
  await trial[Symbol.asyncDispose]();
  if (values.grow) for (const input of campaign.reaching) keepInput(name, "reaches more", input);
  tell(true);
}

/** Eight digits: what was in the file before may be longer. */
function lengthOf(input: Buffer): Buffer {
  return Buffer.from(`${String(input.length).padStart(8, "0")}\n`);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
