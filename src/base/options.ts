import { ConfigError } from "./config-error.js";
import { nearestOf } from "./nearest.js";
import { describeGiven } from "./quantity.js";

/** What an option is given as; an option that is not listed does not exist. */
export type OptionKind = "anything" | "function" | "object" | "list" | "text" | "flag";

/**
 * Checks that these are options, that each of them exists, and that it is of its kind. Undefined counts as left out.
 *
 * An option that nobody reads would be silently without effect, and some of them are what keeps people out.
 *
 * @param where whose options they are, for the error, such as `createApp()`
 * @throws {ConfigError} `invalid_options`, `unknown_option` or `invalid_option`.
 */
export function checkOptions(where: string, given: unknown, kinds: Readonly<Record<string, OptionKind>>): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ConfigError("invalid_options", {
      message: `${where} is given ${describeGiven(given)} for its options.`,
      fix: `Give it an object: its options are ${listOf(kinds)}.`,
    });
  }
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw unknownOption(where, name, kinds);
    if (value !== undefined && !isOfKind(value, kind)) throw invalidOption(where, name, value, kind);
  }
}

/** @throws {ConfigError} `invalid_option` where it is not there */
export function requireOption(where: string, given: object, name: string, kind: OptionKind): void {
  const value = (given as Readonly<Record<string, unknown>>)[name];
  if (value === undefined) throw invalidOption(where, name, value, kind);
}

function isOfKind(value: unknown, kind: OptionKind): boolean {
  switch (kind) {
    case "anything":
      return true;
    case "function":
      return typeof value === "function";
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "list":
      return Array.isArray(value);
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
  }
}

function unknownOption(where: string, name: string, kinds: Readonly<Record<string, OptionKind>>): ConfigError {
  const nearest = nearestOf(name, Object.keys(kinds));
  return new ConfigError("unknown_option", {
    message: `${where} has no option \`${name}\`.`,
    fix: nearest === undefined ? `Its options are ${listOf(kinds)}.` : `Did you mean \`${nearest}\`?`,
  });
}

function invalidOption(where: string, name: string, value: unknown, kind: OptionKind): ConfigError {
  const what = kind === "object" ? "an object" : kind === "flag" ? "true or false" : `a ${kind}`;
  return new ConfigError("invalid_option", {
    message: `${where}: \`${name}\` is ${describeGiven(value)}.`,
    fix: `Give it ${what}.`,
  });
}

function listOf(kinds: Readonly<Record<string, OptionKind>>): string {
  return Object.keys(kinds).join(", ");
}
