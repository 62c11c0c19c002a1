import { ConfigError, type EnvironmentVariable } from "../../index.js";
import { configSchema } from "./config-schema.js";
import { tellJsonMistake } from "./json-mistake.js";
import type { SettingSchema } from "./json-schema.js";

/** The options that are not `createApp`'s. */
const OWN = ["jwt", "webhooks", "redis", "tls"] as const;

/** The variables of `tidings serve`, beside those of every app: one for each plain option of its own. */
export const serveVariables: readonly EnvironmentVariable[] = [
  ...OWN.flatMap((name) => variablesIn(name, configSchema.properties?.[name] ?? {})),
  variable("config", "text", "The configuration file.", "tidings.config.json"),
  variable(
    "channels",
    "text",
    "Channels to serve, with commas between: users may subscribe, and `:user` is their own id. Or JSON, as in the file.",
  ),
  variable("workers", "count", "How many processes share the port.", "1"),
];

function variablesIn(option: string, { properties = {} }: SettingSchema): readonly EnvironmentVariable[] {
  return Object.entries(properties).flatMap(([name, setting]) => {
    const kind = kindOf(setting);
    if (kind === undefined) return [];
    const { description = "", default: standard, writeOnly } = setting;
    return [variable(`${option}.${name}`, kind, description, shown(standard), writeOnly)];
  });
}

/** How its text is read; undefined for what no text can be. */
function kindOf({ $ref, type, enum: words }: SettingSchema): EnvironmentVariable["kind"] | undefined {
  if ($ref === "#/$defs/duration") return "duration";
  if (words !== undefined) return words;
  switch (type) {
    case "string":
      return "text";
    case "boolean":
      return "flag";
    case "integer":
      return "count";
    case "array":
      return "list";
    default:
      return undefined;
  }
}

function variable(
  option: string,
  kind: EnvironmentVariable["kind"],
  what: string,
  standard?: string,
  isSecret = false,
): EnvironmentVariable {
  const name = `TIDINGS_${option.replaceAll(".", "_").replace(/[A-Z]/g, "_$&").toUpperCase()}` as const;
  return {
    name,
    option,
    kind,
    what,
    ...(standard !== undefined && { default: standard }),
    ...(isSecret && { isSecret }),
  };
}

function shown(standard: unknown): string | undefined {
  if (standard === undefined) return undefined;
  return Array.isArray(standard) ? standard.join(",") : String(standard);
}

/**
 * What `TIDINGS_CHANNELS` says. Where it is no JSON, to name a channel is to let users subscribe to it; and `:user` is whose it
 * is, so that nobody reads another's inbox by mistake.
 *
 * @throws {ConfigError} `invalid_variable`
 */
export function channelsOfVariable(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return undefined;
  if (text.trimStart().startsWith("{")) return parse(text);
  const patterns = text.split(",").map((each) => each.trim());
  return Object.fromEntries(patterns.filter((each) => each !== "").map((pattern) => [pattern, namedChannel(pattern)]));
}

function namedChannel(pattern: string): object {
  return { subscribe: "users", ...(pattern.split("/").includes(":user") && { match: { user: "sub" } }) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError("invalid_variable", {
      message: `TIDINGS_CHANNELS begins like JSON, and is none: ${tellJsonMistake(cause, text)}.`,
      fix: "Write patterns with commas between, like chat/:room,inbox/:user, or an object as in the file.",
    });
  }
}
