import { ConfigError } from "./config-error.js";
import { type Duration, durationUnits } from "./duration.js";
import { describeGiven, parseQuantity } from "./quantity.js";

/** So many in so much time, as an option writes it: `"10/1s"`, `"200/10s"`. */
export type Rate = `${number}/${Duration}`;

export interface ParsedRate {
  /** A whole number, 1 or more. */
  readonly count: number;
  /** Whole milliseconds, 1 or more. */
  readonly windowMs: number;
}

/**
 * A rate as a count and a window.
 *
 * `name` is the option's name, for the error.
 *
 * @throws {ConfigError} `invalid_rate` for anything that is not a whole number from 1, a `/` and a duration longer than 0.
 */
export function parseRate(value: Rate, name: string = "The rate"): ParsedRate {
  const rate = readRate(value);
  if (rate !== undefined) return rate;
  throw new ConfigError("invalid_rate", {
    message: `${name} is ${describeGiven(value)}, which is not a rate.`,
    fix: 'Write a whole number, a slash and a duration in quotes, like "10/1s".',
  });
}

function readRate(value: unknown): ParsedRate | undefined {
  if (typeof value !== "string") return undefined;
  const [countText = "", windowText, ...rest] = value.split("/", 3);
  if (!/^\d+$/.test(countText) || rest.length > 0) return undefined;
  const count = Number(countText);
  const windowMs = parseQuantity(windowText, durationUnits);
  if (!Number.isSafeInteger(count) || count === 0 || !windowMs) return undefined;
  return { count, windowMs };
}
