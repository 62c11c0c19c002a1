/**
 * Follows the timers of this process that are neither over nor cleared, also those that don't keep it alive, which Node does not
 * tell of. To be called before anything that sets one is loaded. What it returns tells of each where it was set.
 */
export function followLiveTimers(): () => readonly string[] {
  const live = new Map<unknown, string>();
  const { setTimeout: once, setInterval: again, clearTimeout: endOnce, clearInterval: endAgain } = globalThis;
  const end = (timer: unknown) => live.delete(timer);
  Object.assign(globalThis, {
    setTimeout: Object.assign((run: Run, ...args: unknown[]) => {
      const fire: Run = (...given) => {
        end(timer);
        run(...given);
      };
      const timer = Reflect.apply(once, globalThis, [fire, ...args]);
      live.set(timer, whereItIsSet());
      return timer;
    }, once),
    setInterval: (...args: unknown[]) => {
      const timer = Reflect.apply(again, globalThis, args);
      live.set(timer, whereItIsSet());
      return timer;
    },
    clearTimeout: (timer: unknown) => {
      end(timer);
      Reflect.apply(endOnce, globalThis, [timer]);
    },
    clearInterval: (timer: unknown) => {
      end(timer);
      Reflect.apply(endAgain, globalThis, [timer]);
    },
  });
  return () => [...live.values()];
}

type Run = (...args: unknown[]) => void;

/** The calls that lead there, the innermost first, without this file's. */
function whereItIsSet(): string {
  const { stack = "" } = new Error("set here");
  const calls = stack.split("\n").slice(FIRST, FIRST + CALLS);
  return calls.map((call) => call.replace(/^\s*at |file:\/\/\S*\/(?=(src|test|node_modules)\/)/g, "")).join(" < ");
}

/** The message, this function and what called it. */
const FIRST = 3;
const CALLS = 4;
