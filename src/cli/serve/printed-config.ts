import { shownPath } from "./config-faults.js";
import { configSchema } from "./config-schema.js";
import type { SettingSchema } from "./json-schema.js";
import { type LoadedConfig, sourceOf } from "./loaded-config.js";
import { MASK, maskValue } from "./mask.js";

/** One value that holds, as it may be shown, and where it is from. */
export interface PrintedSetting {
  readonly path: string;
  readonly value: unknown;
  readonly from: string;
}

/** Every value that holds, those that nobody gave last: what is secret is not among them, only that it is there. */
export function printedSettings(loaded: LoadedConfig): readonly PrintedSetting[] {
  const given = [...leavesOf(configSchema, loaded.config, [])].map(({ path, value }) => ({
    path,
    value,
    from: sourceOf(path, loaded.sources) ?? loaded.file ?? "default",
  }));
  const known = new Set(given.map(({ path }) => path));
  const isGiven = (path: string) => [...known].some((each) => each === path || each.startsWith(`${path}[`));
  const defaults = [...defaultsOf(configSchema, [])].filter(({ path }) => !isGiven(path));
  return [...given, ...defaults];
}

/** For people: `limits.messageSize  "1mb"  TIDINGS_LIMITS_MESSAGE_SIZE`. */
export function printSettings(settings: readonly PrintedSetting[]): string {
  const rows = settings.map(
    ({ path, value, from }) => [path, value === MASK ? MASK : JSON.stringify(value), from] as const,
  );
  const [pathWidth, valueWidth] = [0, 1].map((column) =>
    Math.max(...rows.map((row) => Math.min(row[column]?.length ?? 0, 60))),
  );
  return rows
    .map(([path, value, from]) => `${path.padEnd(pathWidth ?? 0)}  ${value.padEnd(valueWidth ?? 0)}  ${from}`)
    .join("\n");
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
}

function* leavesOf(schema: SettingSchema, value: unknown, path: readonly string[]): Generator<Leaf> {
  const isBranch = typeof value === "object" && value !== null && !Array.isArray(value);
  const within = (name: string) => schema.properties?.[name] ?? inMap(schema);
  if (schema.writeOnly === true) yield { path: shownPath(path), value: MASK };
  else if (!isBranch || (schema.properties === undefined && inMap(schema) === undefined))
    yield { path: shownPath(path), value: maskValue(value, schema) };
  else {
    for (const [name, each] of Object.entries(value)) {
      if (path.length === 0 && name === "$schema") continue;
      yield* leavesOf(within(name) ?? {}, each, [...path, name]);
    }
  }
}

/** Of an object whose keys are names that people chose: what each of them is. */
function inMap({ additionalProperties }: SettingSchema): SettingSchema | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

function* defaultsOf(
  { properties = {}, default: standard }: SettingSchema,
  path: readonly string[],
): Generator<PrintedSetting> {
  if (standard !== undefined) yield { path: shownPath(path), value: standard, from: "default" };
  for (const [name, setting] of Object.entries(properties)) yield* defaultsOf(setting, [...path, name]);
}
