// An app in its processes, a crowd of clients, whoever comes for a moment, and what befalls them, for as long as one likes:
// test/soak. The report is printed, and written to .reports/soak.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Progress } from "../bench/progress.mjs";
import { durationMs } from "../src/base/duration.js";
import { runSoak } from "../test/soak/soak.js";
import { describeSoak, megabytes } from "../test/soak/soak-report.js";

const HELP = `npm run soak [-- options]

An app in two processes on a Redis, another in the memory of one, a crowd of our clients on each, and whoever comes for a
moment: strangers, floods, slow readers, broken frames, other backends, dashboards. Round after round something befalls one of
them: a process drains or is killed, Redis stands still, is killed or forgets, all clients are killed. After each round it is
looked whether everybody heard what PROTOCOL.md promises. In the end all go: nothing of them may stay, and the heap may be 1.1
times that at a quarter of the time.

  --for 2m         how long: 90s, 30m, 6h; until all have come, and what is looked at when all have gone, come on top: about a minute
  --seed 7         decides what befalls in which order, and what is said; without it another one each time
  --clients 24     of each crowd
  --json           prints JSON instead of the report
  --help

It fails where a promise was broken, and says which, with the evidence.`;

const { values } = parseArgs({
  options: {
    for: { type: "string", default: "2m" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    clients: { type: "string", default: "24" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const SIGNALS = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
];

try {
  if (values.help) console.log(HELP);
  else process.exitCode = await soak();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function soak() {
  const progress = new Progress();
  const options = { forMs: durationMs(values.for, "--for"), seed: count("seed"), clients: count("clients") };
  progress.say(`Soaking for ${values.for}, seed ${options.seed}`);
  let last = "before the first round";
  for (const [signal, number] of SIGNALS) {
    // A signal alone would end the process without its `exit`, which takes away what Redis wrote.
    process.once(signal, () => {
      progress.say(`Broken off: ${last}`);
      process.exit(128 + number);
    });
  }
  const report = await runSoak({
    ...options,
    goesOn: (what) => progress.show(what, 0),
    tell: (told) => {
      last = inOneLine(told);
      progress.show(last, Math.min(1, told.elapsedMs / told.forMs));
    },
    violated: ({ promise, what }) => progress.say(`✗ ${promise}: ${what}`),
  });
  progress.done();
  mkdirSync(".reports", { recursive: true });
  writeFileSync(".reports/soak.json", `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(values.json ? JSON.stringify(report, undefined, 2) : describeSoak(report));
  return report.violations.length === 0 ? 0 : 1;
}

function inOneLine({ rounds, fault, connections, acknowledged, checks, violations, heap }) {
  const heaps = heap.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`).join(", ");
  const said = `${acknowledged} said, ${checks} looked at, ${violations} broken`;
  return `round ${rounds}: ${fault}; ${connections} connected, ${said}; ${heaps}`;
}

function count(name) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} ${values[name]}: give a whole number from 1 on.`);
  return number;
}
