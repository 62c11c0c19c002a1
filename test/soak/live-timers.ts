/**
 * Counts the timers of this process that are neither over nor cleared, also those that don't keep it alive, which Node does not
 * tell of. To be called before anything that sets one is loaded.
 */
export function countLiveTimers(): () => number {
  const live = new Set<unknown>();
  const { setTimeout: once, setInterval: again, clearTimeout: endOnce, clearInterval: endAgain } = globalThis;
  Object.assign(globalThis, {
    setTimeout: Object.assign((run: Run, ms?: number, ...args: unknown[]) => {
      const timer = Reflect.apply(once, globalThis, [
        (...given: unknown[]) => {
          live.delete(timer);
          run(...given);
        },
        ms,
        ...args,
      ]);
      live.add(timer);
      return timer;
    }, once),
    setInterval: (...args: unknown[]) => {
      const timer = Reflect.apply(again, globalThis, args);
      live.add(timer);
      return timer;
    },
    clearTimeout: (timer: unknown) => {
      live.delete(timer);
      Reflect.apply(endOnce, globalThis, [timer]);
    },
    clearInterval: (timer: unknown) => {
      live.delete(timer);
      Reflect.apply(endAgain, globalThis, [timer]);
    },
  });
  return () => live.size;
}

type Run = (...args: unknown[]) => void;
