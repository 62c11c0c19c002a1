import { nearestOf } from "../../base/nearest.js";
import { describeGiven } from "../../base/quantity.js";
import { configSchema } from "./config-schema.js";
import { pathOf } from "./event-schemas.js";
import type { JsonSchema } from "./json-schema.js";
import { holdsSecret, maskAddress } from "./mask.js";
import { type ErrorObject, loadSchemaCompiler, type ValidateFunction } from "./schema-compiler.js";

/** One thing that can't be in a configuration. */
export interface ConfigFault {
  readonly code: "unknown_option" | "invalid_option" | "missing_option";
  /** Keys that lead to it. */
  readonly path: readonly string[];
  /** What is so, to stand behind the path: `is 5`. */
  readonly message: string;
  readonly fix: string;
}

/** All that can't be in it, one thing for each place; none: it is a configuration. */
export async function findFaults(given: unknown): Promise<readonly ConfigFault[]> {
  compiled ??= loadSchemaCompiler({ allErrors: true }).then((compiler) =>
    compiler.compile("the configuration's own schema", configSchema),
  );
  const check = await compiled;
  if (check(given)) return [];
  const errors = check.errors ?? [];
  const unions = errors.filter(({ keyword }) => keyword === "anyOf");
  // What did not fit one branch of several is told by all of them together.
  const told = errors.filter((error) => !unions.some((union) => isWithin(error, union)));
  const byPlace = new Map<string, ConfigFault>();
  for (const fault of told.map(faultOf)) {
    const place = shownPath(fault.path);
    const known = byPlace.get(place);
    // Of two the one that says what may be there, and not of which kind that is.
    if (known === undefined || fault.fix.length > known.fix.length) byPlace.set(place, fault);
  }
  return [...byPlace.values()];
}

/** It takes a while, and is always the same. */
let compiled: Promise<ValidateFunction> | undefined;

function isWithin(error: ErrorObject, union: ErrorObject): boolean {
  const isBelow = error.schemaPath.startsWith(`${union.schemaPath}/`);
  return error !== union && isBelow && error.instancePath.startsWith(union.instancePath);
}

/** As JavaScript would write it: `channels["chat/:room"].subscribe`. */
export function shownPath(path: readonly string[]): string {
  const shown = path.map((key, index) => {
    if (/^\d+$/.test(key)) return `[${key}]`;
    if (!/^[\w$]+$/.test(key)) return `[${JSON.stringify(key)}]`;
    return index === 0 ? key : `.${key}`;
  });
  return shown.join("");
}

function faultOf({ keyword, instancePath, params, parentSchema = {}, data, schema }: ErrorObject): ConfigFault {
  const path = pathOf(instancePath);
  const is = holdsSecret(parentSchema) ? described(keyword, data) : `is ${describeGiven(shown(data))}`;
  switch (keyword) {
    case "additionalProperties": {
      const name = String(params.additionalProperty);
      return {
        code: "unknown_option",
        path: [...path, name],
        message: "is no option",
        fix: adviceFor(name, Object.keys(parentSchema.properties ?? {})),
      };
    }
    case "required":
      return {
        code: "missing_option",
        path: [...path, String(params.missingProperty)],
        message: "is missing",
        fix: "Give it.",
      };
    case "enum": {
      const choices = schema as readonly string[];
      const nearest = nearestOf(String(data), choices);
      return {
        code: "invalid_option",
        path,
        message: is,
        fix: nearest === undefined ? `Give it ${oneOf(choices)}.` : `Did you mean "${nearest}"?`,
      };
    }
    case "minLength": {
      const isShort = typeof data === "string" && data !== "";
      const message = isShort ? `has ${data.length} characters of the ${params.limit} that it needs` : "is empty";
      return {
        code: "invalid_option",
        path,
        message,
        fix: isShort ? "Make a new one with openssl rand -base64 32." : "Give it, or leave it out.",
      };
    }
    default:
      return { code: "invalid_option", path, message: is, fix: `Give it ${wanted(keyword, parentSchema, params)}.` };
  }
}

function shown(data: unknown): unknown {
  return typeof data === "string" ? maskAddress(data) : data;
}

/** What may be a secret itself, such as a password in the place of the object that it belongs into. */
function described(keyword: string, data: unknown): string {
  return keyword === "type" && typeof data === "string" ? "is a text" : "can't be what it is";
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  boolean: "true or false",
  integer: "a whole number",
  array: "a list",
  object: "an object",
};

function wanted(keyword: string, { title }: JsonSchema, params: Readonly<Record<string, unknown>>): string {
  if (typeof title === "string") return title;
  if (keyword === "type") return KINDS[String(params.type)] ?? String(params.type);
  if (keyword === "minimum") return `a number of at least ${String(params.limit)}`;
  if (keyword === "format") return "an address that begins with https:// or http://";
  return "something else";
}

function oneOf(choices: readonly string[]): string {
  return `one of ${choices.map((each) => `"${each}"`).join(", ")}`;
}

function adviceFor(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  return nearest === undefined ? `The options here are ${known.join(", ")}.` : `Did you mean ${nearest}?`;
}
