/** Is it something to wait for? A user's promise may be of any library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** What was given where nothing is waited for: if it is a promise after all, what it rejects with goes to `failed`, and ends no process. */
export function ownRejection(given: unknown, failed: (error: unknown) => void = () => {}): void {
  if (isThenable(given)) given.then(undefined, failed);
}
