/**
 * The same promise, but with an owner for its failure: when nobody has asked for the result by the time `later` runs, the
 * error goes to `alone`. It is never an unhandled rejection.
 *
 * @param later runs a function after the microtasks that are due, so that an `await` at the call counts as asking
 */
export function ownedPromise<Value>(
  promise: Promise<Value>,
  alone: (error: unknown) => void,
  later: (run: () => void) => void,
): OwnedPromise<Value> {
  const owned = OwnedPromise.of(promise);
  owned.ifLeft((error) => {
    later(() => {
      if (!owned.isAsked) alone(error);
    });
  });
  return owned;
}

/** A promise that knows whether anybody has asked for its result. What it fails with is no unhandled rejection. */
export class OwnedPromise<Value> extends Promise<Value> {
  isAsked = false;

  // What `then` gives is the caller's own affair.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of<Value>(promise: Promise<Value>): OwnedPromise<Value> {
    return new OwnedPromise((resolve, reject) => promise.then(resolve, reject));
  }

  constructor(begin: ConstructorParameters<typeof Promise<Value>>[0]) {
    super(begin);
    super.then(undefined, () => {});
  }

  // biome-ignore lint/suspicious/noThenProperty: to notice that somebody asks is what this class is for
  override then<Result = Value, Failure = never>(
    onValue?: ((value: Value) => Result | PromiseLike<Result>) | null,
    onError?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.isAsked = true;
    return super.then(onValue, onError);
  }

  /** Calls with what it fails with, unless somebody has asked by then. */
  ifLeft(alone: (error: unknown) => void): void {
    super.then(undefined, (error: unknown) => {
      if (!this.isAsked) alone(error);
    });
  }
}
