import { nearestOf } from "../../base/nearest.js";
import { describeGiven } from "../../base/quantity.js";
import { configSchema } from "./config-schema.js";
import { pathOf } from "./event-schemas.js";
import type { JsonSchema } from "./json-schema.js";
import { type ErrorObject, loadSchemaCompiler } from "./schema-compiler.js";

/** One thing that can't be in a configuration. */
export interface ConfigFault {
  readonly code: "unknown_option" | "invalid_option" | "missing_option";
  /** Keys that lead to it. */
  readonly path: readonly string[];
  /** What is so, to stand behind the path: `is 5`. */
  readonly message: string;
  readonly fix: string;
}

/** All that can't be in it, in the order in which it is written; none: it is a configuration. */
export async function findFaults(given: unknown): Promise<readonly ConfigFault[]> {
  const compiler = await loadSchemaCompiler({ allErrors: true });
  const check = compiler.compile("the configuration's own schema", configSchema);
  if (check(given)) return [];
  const errors = check.errors ?? [];
  const unions = errors.filter(({ keyword }) => keyword === "anyOf");
  // What did not fit one branch of several is told by all of them together.
  const isOfUnion = (error: ErrorObject) =>
    error.keyword !== "anyOf" &&
    unions.some(
      ({ instancePath, schemaPath }) =>
        error.schemaPath.startsWith(`${schemaPath}/`) && error.instancePath.startsWith(instancePath),
    );
  return errors.filter((error) => !isOfUnion(error)).map(faultOf);
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
  const is = parentSchema.writeOnly === true ? "can't be what it is" : `is ${describeGiven(data)}`;
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
