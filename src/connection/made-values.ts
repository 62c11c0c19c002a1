import type { Eventually } from "../base/eventually.js";
import { isThenable } from "../base/thenable.js";
import type { DependencyDefinition } from "../declare/dependency.js";

/** Whom what goes wrong is told to. */
export interface ErrorOwner {
  report(error: unknown, during: string): void;
}

/**
 * What was made in one scope, in the order it was made, and is disposed of in the reverse.
 *
 * After `dispose` it keeps nothing: what is made later is disposed of at once.
 */
export class MadeValues {
  readonly #owner: ErrorOwner;
  /** Most connections have one or two, and wait with them for days: a Map takes up three times as much. */
  #made: readonly Made[] = NOTHING;
  #disposing: Promise<void> | undefined;

  constructor(owner: ErrorOwner) {
    this.#owner = owner;
  }

  has(definition: DependencyDefinition): boolean {
    return this.#find(definition) !== undefined;
  }

  get(definition: DependencyDefinition): unknown {
    return this.#find(definition)?.value;
  }

  /** Keeps a value. Rejects where it is too late to. */
  add(definition: DependencyDefinition, value: unknown): Eventually<void> {
    if (this.#disposing !== undefined) return this.#refuse(definition, value);
    this.#put(definition, value);
  }

  /** Throws where nothing is kept any more. */
  checkOpen(): void {
    if (this.#disposing !== undefined) throw tooLate();
  }

  get definitions(): ReadonlySet<DependencyDefinition> {
    return new Set(this.#made.map(({ definition }) => definition));
  }

  /** Takes some out: they are whose who asked for them. */
  take(isTaken: (definition: DependencyDefinition) => boolean): MadeValues {
    const taken = new MadeValues(this.#owner);
    taken.#made = this.#made.filter(({ definition }) => isTaken(definition));
    this.#made = this.#made.filter(({ definition }) => !isTaken(definition));
    return taken;
  }

  /** Takes over all of another. */
  put(others: MadeValues): void {
    for (const { definition, value } of others.#made) this.#put(definition, value);
    others.#made = NOTHING;
  }

  /** Last made first. Resolves when all are done; what one of them throws is reported. */
  dispose(): Eventually<void> {
    this.#disposing ??= this.#made.length === 0 ? DONE : this.#dispose();
    return this.#disposing === DONE ? undefined : this.#disposing;
  }

  async #dispose(): Promise<void> {
    for (let last = this.#made.at(-1); last !== undefined; last = this.#made.at(-1)) {
      // What it was made from is still there while it is disposed of.
      await this.#disposeOf(last);
      this.#made = this.#made.filter((each) => each !== last);
    }
  }

  async #refuse(definition: DependencyDefinition, value: unknown): Promise<void> {
    await this.#disposeOf({ definition, value });
    throw tooLate();
  }

  #find(definition: DependencyDefinition): Made | undefined {
    return this.#made.find((each) => each.definition === definition);
  }

  #put(definition: DependencyDefinition, value: unknown): void {
    // Not by a spread, which leaves room for 16 more.
    this.#made = this.#made.concat({ definition, value });
  }

  async #disposeOf(made: Made): Promise<void> {
    try {
      const disposing = disposalOf(made)?.();
      if (isThenable(disposing)) await disposing;
    } catch (error) {
      this.#owner.report(error, "dispose");
    }
  }
}

interface Made {
  readonly definition: DependencyDefinition;
  readonly value: unknown;
}

const NOTHING: readonly Made[] = [];
const DONE = Promise.resolve();

function tooLate(): Error {
  return new DOMException("Nobody waits for this any more.", "AbortError");
}

function disposalOf({ definition, value }: Made): (() => unknown) | undefined {
  if (definition.kind === "credential") return undefined;
  const { dispose } = definition;
  if (dispose !== undefined) return () => dispose(value);
  if (typeof value !== "object" || value === null) return undefined;
  const disposable = value as { [Symbol.asyncDispose]?: () => unknown; [Symbol.dispose]?: () => unknown };
  if (typeof disposable[Symbol.asyncDispose] === "function") return () => disposable[Symbol.asyncDispose]?.();
  if (typeof disposable[Symbol.dispose] === "function") return () => disposable[Symbol.dispose]?.();
  return undefined;
}
