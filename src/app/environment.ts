import { ConfigError } from "../base/config-error.js";
import { durationUnits } from "../base/duration.js";
import { nearestOf } from "../base/nearest.js";
import { describeGiven, parseQuantity } from "../base/quantity.js";
import { parseRate, type Rate } from "../base/rate.js";
import { type Size, sizeBytes } from "../base/size.js";

/** What a variable's text means. Durations, rates and sizes stay the texts that options take; a list is cut at commas. */
export type VariableKind =
  | "text"
  | "flag"
  | "list"
  | "duration"
  | "rate"
  | "size"
  | "count"
  | "port"
  /** One of these words. */
  | readonly string[];

/** A variable of the environment, and the option that it fills where code leaves it out. */
export interface EnvironmentVariable {
  /** Such as `TIDINGS_LIMITS_MESSAGE_SIZE`. */
  readonly name: string;
  /** Where the option is, such as `limits.messageSize`. */
  readonly option: string;
  readonly kind: VariableKind;
  /** What it is, for the documents. */
  readonly what: string;
  /** What holds without it, as it would be written. Undefined: nothing. */
  readonly default?: string | undefined;
  /** It is never shown. */
  readonly isSecret?: boolean | undefined;
  /** Throws a `ConfigError` where what was read can't be. */
  readonly check?: ((value: never) => unknown) | undefined;
}

/** What a process is started with: `process.env`, or a test's. */
export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/** What the environment says of the options of an app. */
export interface ReadVariables {
  /** As options have it: `{ limits: { messageSize: "1mb" } }`. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Option → the variable that it is from. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variables that begin with `TIDINGS_` and are none of these. */
  readonly unknown: readonly { readonly name: string; readonly nearest: string | undefined }[];
}

/**
 * What the environment says. An empty text counts as left out.
 *
 * @throws ConfigError `invalid_variable`, which names the variable
 */
export function readEnvironment(
  environment: ProcessEnvironment,
  variables: readonly EnvironmentVariable[],
): ReadVariables {
  const values: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  for (const variable of variables) {
    const text = environment[variable.name];
    if (text === undefined || text.trim() === "") continue;
    const value = readVariable(variable, text.trim());
    putAt(values, variable.option.split("."), value);
    sources.set(variable.option, variable.name);
  }
  const names = new Set(variables.map(({ name }) => name));
  const unknown = Object.keys(environment).filter((name) => name.startsWith("TIDINGS_") && !names.has(name));
  return { values, sources, unknown: unknown.map((name) => ({ name, nearest: nearestOf(name, names) })) };
}

function readVariable({ name, kind, isSecret, check }: EnvironmentVariable, text: string): unknown {
  const value = parseVariable(kind, text);
  if (value === undefined) {
    const not = NOT[typeof kind === "string" ? kind : "word"];
    const message = isSecret ? `${name} is ${not}.` : `${name} is ${describeGiven(text)}, which is ${not}.`;
    throw new ConfigError("invalid_variable", { message, fix: `${fixOf(kind)}.` });
  }
  try {
    check?.(value as never); // it is of its kind
    return value;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const { fix } = cause;
    if (isSecret) throw new ConfigError("invalid_variable", { message: `${name} can't be used.`, fix });
    const why = cause.message.replace(` ${fix}`, "");
    throw new ConfigError("invalid_variable", { message: `${name} is ${describeGiven(text)}: ${why}`, fix, cause });
  }
}

/** Undefined where it is none of its kind. */
function parseVariable(kind: VariableKind, text: string): unknown {
  switch (kind) {
    case "text":
      return text;
    case "flag":
      return FLAGS.get(text.toLowerCase());
    case "list":
      return text.split(",").flatMap((each) => each.trim() || []);
    case "duration":
      return parseQuantity(text, durationUnits) === undefined ? undefined : text;
    case "rate":
      return isReadable(() => parseRate(text as Rate)) ? text : undefined; // it is looked at there
    case "size":
      return isReadable(() => sizeBytes(text as Size)) ? text : undefined;
    case "count":
    case "port": {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
      if (number === undefined) return undefined;
      return (kind === "port" ? number <= 65_535 : number >= 1) ? number : undefined;
    }
  }
  return kind.includes(text.toLowerCase()) ? text.toLowerCase() : undefined;
}

const FLAGS: ReadonlyMap<string, boolean> = new Map(
  [true, false].flatMap((value) =>
    (value ? ["true", "1", "yes", "on"] : ["false", "0", "no", "off"]).map((word) => [word, value]),
  ),
);

const NOT: Readonly<Record<Exclude<VariableKind, readonly string[]> | "word", string>> = {
  text: "no text",
  flag: "neither true nor false",
  list: "no list",
  duration: "no duration",
  rate: "no rate",
  size: "no size",
  count: "no whole number of at least 1",
  port: "no port",
  word: "none of its words",
};

function fixOf(kind: VariableKind): string {
  switch (kind) {
    case "text":
      return "Write a text";
    case "flag":
      return "Write true or false";
    case "list":
      return "Write texts with commas between them";
    case "duration":
      return "Write a number and a unit (ms, s, m, h or d), like 30s";
    case "rate":
      return "Write a whole number, a slash and a duration, like 10/1s";
    case "size":
      return "Write a number and a unit (b, kb or mb), like 64kb";
    case "count":
      return "Write a whole number, like 100";
    case "port":
      return "Write a number from 0 to 65535; 0 picks a free port";
  }
  return `Write ${kind.slice(0, -1).join(", ")} or ${kind.at(-1)}`;
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Fills what is left out of these options with what the environment says, each by itself: what is there stays. */
export function fillIn(given: object, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const filled: Record<string, unknown> = { ...given };
  for (const [name, value] of Object.entries(values)) {
    const own = filled[name];
    if (own === undefined) filled[name] = value;
    else if (isPlain(own) && isPlain(value)) filled[name] = fillIn(own, value);
  }
  return filled;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function putAt(values: Record<string, unknown>, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    values[name] = value;
    return;
  }
  const within = { ...(values[name] as object | undefined) }; // an object, or not there yet
  values[name] = within;
  putAt(within, rest, value);
}
