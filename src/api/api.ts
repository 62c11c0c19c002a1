import type { ApiOperation } from "../declare/api-options.js";
import type { MetricFamily } from "../declare/metric-family.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { ApiHost } from "./api-host.js";
import { ApiTally } from "./api-tally.js";
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
  readonly #tally = new ApiTally();

  constructor(facts: ApiFacts) {
    this.#facts = facts;
  }

  /** Never rejects. Who asks in turn is done in that order, as far as the broker is asked at once. */
  async run(name: ApiOperation, given: unknown): Promise<Outcome> {
    const { host, onError } = this.#facts;
    try {
      const result = await operations[name].run(await host(), given);
      this.#tally.add(name, undefined);
      return { result };
    } catch (error) {
      if (!(error instanceof TidingsError)) onError(error, `api ${name}`);
      return { problem: this.refuse(error, name) };
    }
  }

  /**
   * What is told of an error, and counted: this is not done.
   *
   * @param name undefined where what was asked for is none
   */
  refuse(error: unknown, name: ApiOperation | undefined): Problem {
    const problem = problemOf(error, this.#facts.limits().issues);
    this.#tally.add(name, problem.code);
    return problem;
  }

  /** How often each operation was asked for since it was made, and how that ended. */
  metrics(): MetricFamily {
    return this.#tally.family;
  }
}
