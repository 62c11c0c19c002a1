import { type Eventually, isPending } from "./eventually.js";

/** Steps that may have to wait for something: what an `async` function is, but for when it waits. */
export type Steps<Result> = Generator<PromiseLike<unknown>, Result, unknown>;

/**
 * Takes steps one after the other, as an `async` function would, but without a pause where what they wait for is there.
 *
 *     runSteps(function* () {
 *       const user = yield* awaited(findUser(token)); // as `await findUser(token)`
 *       ...
 *     })
 *
 * Where nothing has to be waited for the result is there when this returns, and what a step throws is thrown.
 */
export function runSteps<Result>(steps: () => Steps<Result>): Eventually<Result> {
  const run = steps();
  return goOn(run, run.next());
}

/** Within steps: waits for a value that is not there yet. */
export function* awaited<Value>(value: Eventually<Value>): Steps<Value> {
  // What its promise gives is the value.
  return isPending(value) ? ((yield value) as Value) : value;
}

function goOn<Result>(run: Steps<Result>, step: IteratorResult<PromiseLike<unknown>, Result>): Eventually<Result> {
  return step.done ? step.value : waitFor(run, step.value);
}

async function waitFor<Result>(run: Steps<Result>, first: PromiseLike<unknown>): Promise<Result> {
  let step: IteratorResult<PromiseLike<unknown>, Result> = { done: false, value: first };
  while (!step.done) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = run.throw(error);
      continue;
    }
    step = run.next(value);
  }
  return step.value;
}
