import { ConfigError } from "./config-error.js";
import { describeGiven, parseQuantity } from "./quantity.js";

/** A length of time as an option writes it: `"250ms"`, `"30s"`, `"1.5m"`, `"2h"`, `"1d"`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** How many milliseconds each unit of a {@link Duration} is. */
export const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A duration in whole milliseconds, 0 or more.
 *
 * `name` is the option's name, for the error.
 *
 * @throws {ConfigError} `invalid_duration` for anything that is not a plain decimal number and a unit.
 */
export function durationMs(value: Duration, name: string = "The duration"): number {
  const ms = parseQuantity(value, durationUnits);
  if (ms !== undefined) return ms;
  throw new ConfigError("invalid_duration", {
    message: `${name} is ${describeGiven(value)}, which is not a duration.`,
    fix: 'Write a number and a unit (ms, s, m, h or d) in quotes, like "30s".',
  });
}
