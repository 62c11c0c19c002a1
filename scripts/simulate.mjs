// Runs the simulator over many seeds, in as many processes as there are cores: test/simulator.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../bench/progress.mjs";

const help = `npm run simulate [-- options]

Each seed is a small world: an app with tasks, three clients, a network that delays, breaks and goes silent, restarts. It fails where a
promise of PROTOCOL.md is broken, and says which seeds broke it, with the fewest steps that do.

  --seeds 100000   how many
  --from 1         the first of them
  --seed <n>       only this one, and all that happens in it
  --jobs 2         how many processes; as many as there are cores
  --json           prints JSON instead of lines
  --help`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(help);
else if (values.seed !== undefined) await replay(values.seed);
else await tryAll({ seeds: Number(values.seeds), from: Number(values.from), jobs: Number(values.jobs) });

async function replay(seed) {
  await runChild(["replay", seed], ({ violations, explained, journal }) => {
    if (values.json) console.log(JSON.stringify({ seed: Number(seed), violations, journal }, undefined, 2));
    else console.log([...journal, "", explained].join("\n"));
    if (violations.length > 0) process.exitCode = 1;
  });
}

async function tryAll({ seeds, from, jobs }) {
  const progress = new Progress();
  const failures = [];
  let done = 0;
  const beganMs = performance.now();
  const hear = (line) => {
    done += line.done ?? 0;
    if (line.seed !== undefined) {
      failures.push(line);
      progress.done();
      if (!values.json) console.log(`seed ${line.seed}\n${line.explained}\n`);
    }
    // Elsewhere the lines say how far it is.
    if (process.stderr.isTTY) progress.show(`${done} of ${seeds} seeds, ${failures.length} failed`, done / seeds);
  };
  // One takes the odd seeds and another the even ones, so that both have the same mixture.
  await Promise.all(
    Array.from({ length: jobs }, (_, job) => {
      const count = Math.floor((seeds - job + jobs - 1) / jobs);
      return runChild(["try", from + job, count, jobs], hear);
    }),
  );
  progress.done();
  const seconds = Math.round((performance.now() - beganMs) / 1_000);
  if (values.json) console.log(JSON.stringify({ seeds: done, failures, seconds }, undefined, 2));
  else console.log(`${done} seeds in ${seconds} s: ${failures.length} broke a promise`);
  if (failures.length > 0 || done < seeds) process.exitCode = 1;
}

async function runChild(args, hear) {
  const program = fileURLToPath(new URL("../test/simulator/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) hear(JSON.parse(line));
  const [code] = await ended;
  if (code !== 0) throw new Error(`The simulator ended with ${code}.`);
}
