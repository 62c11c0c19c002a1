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
  #values: Map<DependencyDefinition, unknown> = NOTHING;
  #disposing: Promise<void> | undefined;

  constructor(owner: ErrorOwner) {
    this.#owner = owner;
  }

  has(definition: DependencyDefinition): boolean {
    return this.#values.has(definition);
  }

  get(definition: DependencyDefinition): unknown {
    return this.#values.get(definition);
  }

  /** Keeps a value. Rejects where it is too late to. */
  async add(definition: DependencyDefinition, value: unknown): Promise<void> {
    if (this.#disposing !== undefined) {
      await this.#disposeOf(definition, value);
      throw new DOMException("Nobody waits for this any more.", "AbortError");
    }
    this.#set(definition, value);
  }

  get definitions(): ReadonlySet<DependencyDefinition> {
    return new Set(this.#values.keys());
  }

  /** Takes some out: they are whose who asked for them. */
  take(isTaken: (definition: DependencyDefinition) => boolean): MadeValues {
    const taken = new MadeValues(this.#owner);
    for (const [definition, value] of this.#values) {
      if (!isTaken(definition)) continue;
      this.#values.delete(definition);
      taken.#set(definition, value);
    }
    return taken;
  }

  /** Takes over all of another. */
  put(others: MadeValues): void {
    for (const [definition, value] of others.#values) this.#set(definition, value);
    others.#values.clear();
  }

  /** Last made first. Resolves when all are done; what one of them throws is reported. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    for (const [definition, value] of [...this.#values].reverse()) {
      // What it was made from is still there while it is disposed of.
      await this.#disposeOf(definition, value);
      this.#values.delete(definition);
    }
  }

  #set(definition: DependencyDefinition, value: unknown): void {
    if (this.#values === NOTHING) this.#values = new Map();
    this.#values.set(definition, value);
  }

  async #disposeOf(definition: DependencyDefinition, value: unknown): Promise<void> {
    try {
      const disposing = disposalOf(definition, value)?.();
      if (isThenable(disposing)) await disposing;
    } catch (error) {
      this.#owner.report(error, "dispose");
    }
  }
}

/** Most connections have nothing made for them. It stays empty. */
const NOTHING = new Map<DependencyDefinition, unknown>();

function disposalOf(definition: DependencyDefinition, value: unknown): (() => unknown) | undefined {
  if (definition.kind === "credential") return undefined;
  const { dispose } = definition;
  if (dispose !== undefined) return () => dispose(value);
  if (typeof value !== "object" || value === null) return undefined;
  const disposable = value as { [Symbol.asyncDispose]?: () => unknown; [Symbol.dispose]?: () => unknown };
  if (typeof disposable[Symbol.asyncDispose] === "function") return () => disposable[Symbol.asyncDispose]?.();
  if (typeof disposable[Symbol.dispose] === "function") return () => disposable[Symbol.dispose]?.();
  return undefined;
}
