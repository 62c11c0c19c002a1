/** Who listens to what: each type of thing that happens has its arguments. */
export class Listeners<Happenings extends Readonly<Record<string, readonly unknown[]>>> {
  readonly #all = new Map<keyof Happenings, Set<(...args: never) => void>>();

  /** Gives what ends it. */
  on<Type extends keyof Happenings>(type: Type, listener: (...args: Happenings[Type]) => void): () => void {
    // The same function may listen twice, and each is ended by itself.
    const call = (...args: Happenings[Type]) => listener(...args);
    const those = this.#all.get(type) ?? new Set();
    this.#all.set(type, those.add(call));
    return () => those.delete(call);
  }

  /** What one of them throws is the page's to hear of, and keeps it from none of the others. */
  emit<Type extends keyof Happenings>(type: Type, ...args: Happenings[Type]): void {
    for (const call of this.#all.get(type) ?? []) {
      try {
        call(...(args as never)); // those of this type are for these
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  get types(): Iterable<keyof Happenings> {
    return this.#all.keys();
  }
}
