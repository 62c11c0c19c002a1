import { Random } from "../../src/testing/random.js";
import { type KindName, kindNames } from "./promising-app.js";

/** One thing that happens. `who` is the number of a client. */
export type Step =
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "say"; readonly on: KindName; readonly times: number }
  | { readonly do: "subscribe"; readonly who: number; readonly on: KindName; readonly rewind: number }
  | { readonly do: "ask"; readonly who: number; readonly ms: number; readonly how: Asking }
  | {
      readonly do: "burst";
      readonly who: number;
      readonly on: KindName;
      readonly times: number;
      readonly eachMs: number;
      readonly isSilent: boolean;
    }
  | { readonly do: "remount"; readonly who: number; readonly on: KindName; readonly times: number }
  | { readonly do: "flap"; readonly who: number; readonly on: KindName; readonly openMs: number }
  | { readonly do: "startTask"; readonly who: number; readonly ms: number; readonly end: TaskEnd }
  | { readonly do: "publish" | "unsubscribe" | "flicker" | "history"; readonly who: number; readonly on: KindName }
  | { readonly do: Plain; readonly who: number }
  | {
      readonly do: "restart";
      readonly how: "drained" | "killed";
      readonly memory: "kept" | "lost";
      readonly downMs: number;
    };
/** With the default patience, with little, given up when it is asked, or before. */
export type Asking = "plain" | "short" | "aborted" | "abortedBefore";
/** How the work of a task ends; what is deaf doesn't hear that it is to end. */
export type TaskEnd = "result" | "error" | "deaf";
/** What is told by who it happens to. */
type Plain = "note" | "cancelTask" | "askInVain" | "replace" | Trouble;
type Trouble = "cut" | "silence" | "refuseDials" | "goOffline" | "stopReading" | "mend" | "kick" | "cutServerSide";

export interface Setting {
  /** Each message is on its way for up to so long. */
  readonly delayMs: number;
  /** Bytes that may wait for a client that does not read. */
  readonly outbox: number;
  /**
   * Tokens that are for ever, that live a minute, that can't be had now and then, that take a while, or that have expired
   * already now and then.
   */
  readonly tokens: "lasting" | "expiring" | "failing" | "slow" | "stale";
  /** How much the server takes of a client: all, as much as by default, or so little that pages which come and go are refused. */
  readonly takes: "all" | "default" | "little";
  /** The server takes up to so long before it puts who comes on its channels. */
  readonly openMs: number;
  /** Does an event come twice, now and then? */
  readonly repeats: boolean;
  /** Does more than the steps happen? */
  readonly isStormy: boolean;
  /** On which channels everybody begins. */
  readonly on: readonly KindName[];
}

export interface Program {
  readonly seed: number;
  readonly setting: Setting;
  readonly steps: readonly Step[];
}

/** Clients; the first two are of one user. */
export const CLIENTS = 3;

/** What this seed stands for. */
export function createProgram(seed: number): Program {
  const random = new Random(seed).fork("program");
  const setting: Setting = {
    delayMs: random.pick([0, 0, 20, 300, 2_000]),
    outbox: random.pick([1_048_576, 1_048_576, 4_096]),
    tokens: random.pick(["lasting", "lasting", "expiring", "failing", "slow", "stale"]),
    takes: random.pick(["all", "all", "all", "all", "default", "little"]),
    openMs: random.pick([0, 0, 300, 2_000]),
    repeats: random.below(4) === 0,
    isStormy: random.below(5) === 0,
    on: kindNames.filter(() => random.below(2) === 0),
  };
  const steps = Array.from({ length: 5 + random.below(35) }, () => createStep(random));
  return { seed, setting, steps };
}

/** Whoever can make a step, as often as it is listed. */
const makers: readonly ((random: Random) => Step)[] = [
  (random) => ({ do: "pass", ms: random.pick([1, 10, 100, 100, 1_000, 1_000, 5_000]) }),
  (random) => ({ do: "pass", ms: random.pick([0, 3, 1_000, 5_000, 15_000, 30_000, 70_000]) }),
  (random) => ({ do: "say", on: random.pick(kindNames), times: random.pick([1, 1, 3, 8]) }),
  (random) => ({ do: "say", on: random.pick(kindNames), times: random.pick([1, 1, 2]) }),
  (random) => ({ do: "subscribe", who: whoever(random), on: random.pick(kindNames), rewind: random.pick([0, 0, 3]) }),
  (random) => ({ do: "publish", who: whoever(random), on: random.pick(kindNames) }),
  (random) => ({ do: "publish", who: whoever(random), on: random.pick(kindNames) }),
  (random) => ({
    do: "ask",
    who: whoever(random),
    ms: random.pick([0, 0, 0, 2_000, 12_000]),
    how: random.pick(["plain", "plain", "plain", "short", "aborted", "abortedBefore"]),
  }),
  (random) => ({ do: "note", who: whoever(random) }),
  (random) => ({
    do: "startTask",
    who: whoever(random),
    ms: random.pick([0, 100, 3_000, 12_000]),
    end: random.pick(["result", "result", "error", "deaf"]),
  }),
  (random) =>
    random.below(2) === 0
      ? { do: "cancelTask", who: whoever(random) }
      : {
          do: "burst",
          who: whoever(random),
          on: random.pick(kindNames),
          times: random.pick([9, 12, 35]),
          eachMs: random.pick([0, 100, 1_000]),
          isSilent: random.below(2) === 0,
        },
  (random) =>
    random.below(2) === 0
      ? { do: "flap", who: whoever(random), on: random.pick(kindNames), openMs: random.pick([0, 50, 500]) }
      : { do: "remount", who: whoever(random), on: random.pick(kindNames), times: random.pick([2, 6, 12]) },
  (random) => ({ do: random.pick(["cut", "cut", "cutServerSide"]), who: whoever(random) }),
  (random) => ({ do: random.pick(["silence", "goOffline", "refuseDials", "stopReading"]), who: whoever(random) }),
  (random) => ({ do: "mend", who: whoever(random) }),
  (random) => ({
    do: random.pick(["unsubscribe", "unsubscribe", "flicker", "history"]),
    who: whoever(random),
    on: random.pick(kindNames),
  }),
  (random) =>
    random.below(2) === 0
      ? { do: random.pick(["askInVain", "kick", "replace"]), who: whoever(random) }
      : {
          do: "restart",
          how: random.pick(["drained", "killed"]),
          memory: random.pick(["kept", "kept", "lost"]),
          downMs: random.pick([0, 0, 3_000, 20_000]),
        },
];

function createStep(random: Random): Step {
  return random.pick(makers)(random);
}

function whoever(random: Random): number {
  return random.below(CLIENTS);
}

/** As one line. */
export function describeStep(step: Step): string {
  const { do: what, ...rest } = step;
  return [what, ...Object.entries(rest).map(([name, value]) => `${name} ${value}`)].join(" ");
}
