import type { ApiOperation } from "../declare/api-options.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { ApiHost } from "./api-host.js";
import { operations } from "./operations.js";
import { type Problem, problemOf } from "./problem.js";

/** What it needs of an app, be it running or not. */
export interface ApiFacts {
  /** Starts the app, where it does not run. */
  host(): Promise<ApiHost>;
  limits(): Pick<Limits, "issues">;
  /** What was asked failed for a reason that who asked is not told. */
  onError(error: unknown, during: string): void;
}

/** What was done, or why it was not. */
export type Outcome = { readonly result: object } | { readonly problem: Problem };

/** What can be asked of an app from without, whichever way it comes. Whoever brings it asks no more at once than `limits.apiRequests`. */
export class Api {
  readonly #facts: ApiFacts;

  constructor(facts: ApiFacts) {
    this.#facts = facts;
  }

  /** Never rejects. Who asks in turn is done in that order, as far as the broker is asked at once. */
  async run(name: ApiOperation, given: unknown): Promise<Outcome> {
    const { host, onError } = this.#facts;
    try {
      return { result: await operations[name].run(await host(), given) };
    } catch (error) {
      if (!(error instanceof TidingsError)) onError(error, `api ${name}`);
      return { problem: this.problemOf(error) };
    }
  }

  problemOf(error: unknown): Problem {
    return problemOf(error, this.#facts.limits().issues);
  }
}
