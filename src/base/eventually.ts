import { isThenable } from "./thenable.js";

/** A value that is there, or will be. What is there already is gone on with at once, and not a microtask later. */
export type Eventually<Value> = Value | Promise<Value>;

/** Is it still to come? What is thenable in an `Eventually` is its promise. */
export function isPending<Value>(value: Eventually<Value>): value is Promise<Value> {
  return isThenable(value);
}

/** Goes on with a value: at once where it is there, otherwise when it is. */
export function whenThere<Value, Result>(
  value: Eventually<Value>,
  goOn: (value: Value) => Eventually<Result>,
): Eventually<Result> {
  return isPending(value) ? value.then(goOn) : goOn(value);
}
