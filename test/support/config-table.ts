import { shownPath } from "../../src/cli/serve/config-faults.js";
import { configSchema } from "../../src/cli/serve/config-schema.js";
import type { SettingSchema } from "../../src/cli/serve/json-schema.js";
import { serveVariables } from "../../src/cli/serve/serve-variables.js";
import { environmentVariables } from "../../src/index.js";

/** The rows of docs/reference/config.md: each option, its variable, its kind and default, and what it is. */
export function configRows(): readonly string[] {
  return [...rowsOf(configSchema, [])];
}

const VARIABLES = new Map([...environmentVariables, ...serveVariables].map(({ option, name }) => [option, name]));
/** What stands for a name that people choose. */
const NAMES: Readonly<Record<string, string>> = {
  channels: "<pattern>",
  endpoints: "<path>",
  users: "<name>",
};

function* rowsOf(schema: SettingSchema, path: readonly string[]): Generator<string> {
  for (const [name, setting] of Object.entries(schema.properties ?? {})) {
    if (name === "$schema") continue;
    const here = [...path, name];
    const each = setting.additionalProperties;
    const isMap = typeof each === "object" && each.properties !== undefined;
    if (setting.description !== undefined) yield rowOf(shown(here), setting);
    yield* isMap ? rowsOf(each, [...here, NAMES[name] ?? "<name>"]) : rowsOf(setting, here);
  }
}

function shown(path: readonly string[]): string {
  return shownPath(path).replaceAll('["<', ".<").replaceAll('>"]', ">");
}

function rowOf(path: string, setting: SettingSchema): string {
  const { description = "", default: standard } = setting;
  const variable = VARIABLES.get(path);
  const cells = [
    `\`${path}\``,
    variable === undefined ? "" : `\`${variable}\``,
    kindOf(setting),
    standard === undefined ? "" : `\`${JSON.stringify(standard)}\``,
    description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`.replaceAll("|  |", "| |");
}

function kindOf({ $ref, type, enum: words, anyOf, title }: SettingSchema): string {
  if ($ref !== undefined) return $ref.split("/").at(-1) ?? "";
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(", ");
  if (anyOf !== undefined) return String(title);
  const names: Readonly<Record<string, string>> = { string: "text", boolean: "flag", integer: "count", array: "list" };
  return names[String(type)] ?? "object";
}
