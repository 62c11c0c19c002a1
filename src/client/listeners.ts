/** Who listens to what: each type of thing that happens has its arguments. */
export class Listeners<Happenings extends Readonly<Record<string, readonly unknown[]>>> {
  // A page has few of them, and forgets them as it likes.
  readonly #all = new Set<{ readonly type: keyof Happenings; readonly call: (...args: never) => void }>();

  /** Gives what ends it. The same function may listen twice. */
  on<Type extends keyof Happenings>(type: Type, call: (...args: Happenings[Type]) => void): () => void {
    const listener = { type, call };
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  /**
   * Without a type, to all of them. What one of them throws is the page's to hear of, and keeps it from none of the others.
   */
  emit<Type extends keyof Happenings>(type: Type | undefined, ...args: Happenings[Type]): void {
    // Who comes while it is told hears of the next, and who leaves of none.
    for (const listener of [...this.#all]) {
      if ((type !== undefined && type !== listener.type) || !this.#all.has(listener)) continue;
      try {
        listener.call(...(args as never)); // those of this type are for these
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
