import { planDependencies, type Step } from "../connection/dependency-plan.js";
import { MadeValues } from "../connection/made-values.js";
import type { App } from "../declare/app.js";
import type { Dependencies, Dependency, DependencyDefinition, MadeDefinition } from "../declare/dependency.js";
import { TidingsError } from "../protocol/tidings-error.js";

export interface AppValuesOptions {
  readonly app: App;
  /** What a test put in the place of a dependency. */
  readonly overrides: ReadonlyMap<DependencyDefinition, (given: never) => unknown>;
  readonly onError: (error: unknown, during: string) => void;
}

/** The values of scope `"app"`: each made once, and disposed of when the app closes. */
export class AppValues {
  readonly #options: AppValuesOptions;
  readonly #made: MadeValues;
  readonly #making = new Map<DependencyDefinition, Promise<void>>();

  constructor(options: AppValuesOptions) {
    this.#options = options;
    this.#made = new MadeValues({ report: options.onError });
  }

  /** One that was made. */
  get(definition: DependencyDefinition): unknown {
    return this.#made.get(definition);
  }

  /** Those that are of the app, by the names they are needed under. */
  ofApp(needs: Dependencies): Readonly<Record<string, unknown>> {
    const entries = Object.entries(needs).filter(([, { scope }]) => scope === "app");
    return Object.fromEntries(entries.map(([name, need]) => [name, this.get(need["~definition"])]));
  }

  /** Makes what is of the app among these, each after what it needs. */
  async makeAll(steps: Iterable<Step>): Promise<void> {
    for (const step of steps) if (step.definition.scope === "app") await this.#makeOnce(step);
  }

  /** Makes one, where that was not done yet. */
  async fetch<Value>(dependency: Dependency<Value, "app">): Promise<Value> {
    const definition = dependency["~definition"];
    const { overrides } = this.#options;
    const needs = { it: dependency };
    const plan = planDependencies("app.get()", { auth: undefined, needs }, (each) => overrides.has(each));
    await this.makeAll(plan.steps);
    if (definition.scope !== "app") throw new TypeError('app.get() gives what has the scope "app" alone.');
    if (!this.#made.has(definition)) throw new TidingsError("unavailable", "This app is closed.");
    return this.#made.get(definition) as Value; // what the declaration says that it makes
  }

  /** Last made first. */
  async dispose(): Promise<void> {
    await this.#made.dispose();
  }

  #makeOnce(step: Step): Promise<void> {
    const { definition } = step;
    const known = this.#making.get(definition);
    if (known !== undefined) return known;
    const making = this.#make(step);
    this.#making.set(definition, making);
    // One that failed may be tried again.
    making.catch(() => this.#making.delete(definition));
    return making;
  }

  async #make({ definition, needs }: Step): Promise<void> {
    const { app, overrides } = this.#options;
    const override = overrides.get(definition);
    // Of scope "app" there is none but what app code makes.
    const { create } = definition as MadeDefinition;
    const given = { ...Object.fromEntries([...needs].map(([name, need]) => [name, this.get(need.definition)])), app };
    const value = override === undefined ? await create(given) : await override(NO_REQUEST as never);
    await this.#made.add(definition, value);
  }
}

/** What a test's replacement is given, where there is no connection. */
const NO_REQUEST = {
  get request(): never {
    throw new TypeError("A dependency of the app has no request.");
  },
  token: "",
};
