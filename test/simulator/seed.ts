import { createProgram, describeStep, type Program } from "./program.js";
import { type Outcome, runProgram } from "./run.js";
import { shrink } from "./shrink.js";

/** A seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly violations: readonly string[];
  /** The fewest steps that break the same one. */
  readonly program: Program;
}

/** What becomes of this seed; undefined where every promise was kept. */
export async function trySeed(seed: number): Promise<Failure | undefined> {
  const program = createProgram(seed);
  const { violations } = await runProgram(program);
  const [first] = violations;
  if (first === undefined) return undefined;
  const kind = kindOf(first);
  const breaksIt = async (steps: Program["steps"]) => {
    const outcome = await runProgram({ ...program, steps });
    return outcome.violations.some((each) => kindOf(each) === kind);
  };
  // What fails once and not again is told as it was.
  const steps = (await breaksIt(program.steps)) ? await shrink(program.steps, breaksIt) : program.steps;
  return { seed, violations, program: { ...program, steps } };
}

/** What went wrong, and how to see it again. */
export function explain({ seed, violations, program }: Failure): string {
  return [
    ...violations.slice(0, MOST_TOLD).map((each) => `✗ ${each}`),
    `with ${JSON.stringify(program.setting)}, and as few steps as still break it:`,
    ...program.steps.map((step) => `  ${describeStep(step)}`),
    `Again: npm run simulate -- --seed ${seed}`,
  ].join("\n");
}

/** All that happens with these few steps. */
export async function replay({ program }: Failure): Promise<Outcome> {
  return runProgram(program);
}

const MOST_TOLD = 5;

/** Without its numbers, which differ with fewer steps. */
function kindOf(violation: string): string {
  return violation.replace(/\d+/g, "#").slice(0, 60);
}
