import { dirname, resolve } from "node:path";
import { ConfigError, environmentVariables, readEnvironment } from "../../index.js";
import type { ServeConfig } from "./config.js";
import { type ConfigFault, findFaults, shownPath } from "./config-faults.js";
import { type ConfigFile, readConfigFile } from "./config-file.js";
import { channelsOfVariable, serveVariables } from "./serve-variables.js";

export interface ConfigSources {
  readonly file: string | undefined;
  /** The environment with what `.env` adds. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Those of `env` that are of the process itself, and not of `.env`. */
  readonly ownEnv: Readonly<Record<string, string | undefined>>;
  /** The options of the command: they come before all else. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** The folder that names are relative to. */
  readonly folder: string;
}

/** A configuration as far as it was given: no defaults. */
export interface LoadedConfig {
  readonly config: ServeConfig;
  readonly file: string | undefined;
  /** Where a value comes from, by its path as `shownPath` writes it; what is not in it is of the file. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variables that mean nothing. */
  readonly unknown: readonly UnknownVariable[];
  /** That of the file: names of other files in it are relative to it. */
  readonly folder: string;
}
export interface UnknownVariable {
  readonly name: string;
  readonly nearest: string | undefined;
}

/** What was read, and what can't be in it. */
export interface CheckedConfig extends LoadedConfig {
  readonly faults: readonly ConfigFault[];
}

/**
 * What to serve: by the command's options, then the environment, then `.env`, then the file.
 *
 * @throws {ConfigError} for the first thing that can't be, and where a file or a variable can't be read
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { faults, ...loaded } = await checkConfig(sources);
  const [first, ...others] = faults;
  if (first === undefined) return loaded;
  const more = others.length === 0 ? "" : ` (and ${others.length} more: see tidings check)`;
  throw new ConfigError(first.code, { message: `${tellFault(first, loaded)}${more}.`, fix: first.fix });
}

/** The same, with all that can't be in it. */
export async function checkConfig({ file, env, ownEnv, flags, folder }: ConfigSources): Promise<CheckedConfig> {
  const found = await readConfigFile(file ?? env.TIDINGS_CONFIG, folder);
  const known = [...environmentVariables, ...serveVariables];
  const { values: read, sources: variables, unknown } = readEnvironment(env, known);
  // These two are read by themselves: which file it is, and a text that stands for an object.
  const { config: _file, channels: _text, ...values } = read;
  const channels = channelsOfVariable(env.TIDINGS_CHANNELS);
  const sources = new Map<string, string>();
  for (const [option, name] of variables) sources.set(option, ownEnv[name] === undefined ? `${name} in .env` : name);
  if (channels !== undefined) sources.set("channels", "TIDINGS_CHANNELS");
  for (const name of Object.keys(flags)) sources.set(name, `--${name}`);
  const merged = [found?.given ?? {}, values, channels === undefined ? {} : { channels }, flags].reduce<unknown>(
    over,
    {},
  );
  const faults = await findFaults(merged);
  // What has no faults is what the schema says, which is this type.
  return {
    config: merged as ServeConfig,
    file: found?.file,
    sources,
    unknown,
    folder: folderOf(found, folder),
    faults,
  };
}

function folderOf(found: ConfigFile | undefined, folder: string): string {
  return found === undefined ? folder : dirname(resolve(folder, found.file));
}

/** A fault with where it is: `tidings.config.json: channels["chat/:room"].subscribe is 5`. */
export function tellFault(
  { path, message }: ConfigFault,
  { file, sources }: Pick<LoadedConfig, "file" | "sources">,
): string {
  const shown = shownPath(path);
  const source = sourceOf(shown, sources) ?? file;
  return `${source === undefined ? "" : `${source}: `}${shown === "" ? "the configuration" : shown} ${message}`;
}

/** Where a value comes from that is not of the file: its own source, or that of what it is in. */
export function sourceOf(shown: string, sources: ReadonlyMap<string, string>): string | undefined {
  for (const [option, source] of sources) {
    if (shown === option || shown.startsWith(`${option}.`) || shown.startsWith(`${option}[`)) return source;
  }
  return undefined;
}

/** Objects are put together, all else is replaced. */
function over(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  const entries = Object.entries(above).map(([name, value]) => [
    name,
    Object.hasOwn(below, name) ? over(below[name], value) : value,
  ]);
  // Not by assignment: there `__proto__` would be no key.
  return { ...below, ...Object.fromEntries(entries) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
