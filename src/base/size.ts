import { ConfigError } from "./config-error.js";
import { describeGiven, parseQuantity } from "./quantity.js";

/** A number of bytes as an option writes it: `"512b"`, `"64kb"`, `"1.5mb"`. `kb` is 1,024 bytes. */
export type Size = `${number}${"b" | "kb" | "mb"}`;

const sizeUnits = { b: 1, kb: 1_024, mb: 1_048_576 } as const;

/**
 * A size in whole bytes, 0 or more.
 *
 * `name` is the option's name, for the error.
 *
 * @throws {ConfigError} `invalid_size` for anything that is not a plain decimal number and a unit.
 */
export function sizeBytes(value: Size, name: string = "The size"): number {
  const bytes = parseQuantity(value, sizeUnits);
  if (bytes !== undefined) return bytes;
  throw new ConfigError("invalid_size", {
    message: `${name} is ${describeGiven(value)}, which is not a size.`,
    fix: 'Write a number and a unit (b, kb or mb) in quotes, like "64kb".',
  });
}

/** Bytes for people, such as `58.8 kB`. A kB is 1,024 bytes. */
export function sizeText(bytes: number): string {
  if (bytes < sizeUnits.kb) return `${bytes} bytes`;
  const [unit, name] = bytes < sizeUnits.mb ? [sizeUnits.kb, "kB"] : [sizeUnits.mb, "MB"];
  return `${Number((bytes / unit).toFixed(1))} ${name}`;
}
