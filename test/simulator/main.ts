// Tries seeds one after the other, and prints a line of JSON for each hundred of them and for each that breaks a promise.
import { createProgram } from "./program.js";
import { runProgram } from "./run.js";
import { explain, replay, trySeed } from "./seed.js";

const [mode, ...numbers] = process.argv.slice(2);
const [first = 1, count = 1, step = 1] = numbers.map(Number);
if (mode === "replay") await tell(first);
else await tryAll();

async function tryAll(): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const failure = await trySeed(first + index * step);
    if (failure !== undefined)
      print({ seed: failure.seed, violations: failure.violations, explained: explain(failure) });
    if (index % 100 === 99) print({ done: 100 });
  }
  print({ done: count % 100 });
}

/** Of a seed that breaks nothing all that happens, otherwise what the fewest steps do. */
async function tell(seed: number): Promise<void> {
  const failure = await trySeed(seed);
  const { journal } = failure === undefined ? await runProgram(createProgram(seed)) : await replay(failure);
  const explained = failure === undefined ? "Every promise is kept." : explain(failure);
  print({ seed, violations: failure?.violations ?? [], explained, journal });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
