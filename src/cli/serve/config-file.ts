import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../../index.js";
import { tellJsonMistake } from "./json-mistake.js";

/** Where the configuration is looked for, where nobody names a file. */
const DEFAULT_FILES: readonly string[] = ["tidings.config.json", "tidings.config.mjs", "tidings.config.js"];

export interface ConfigFile {
  /** As it was named. */
  readonly file: string;
  readonly given: unknown;
}

/**
 * What a configuration file says; undefined where none was named and none is there.
 *
 * @throws {ConfigError} `config_not_found`, `config_unreadable`
 */
export async function readConfigFile(named: string | undefined, folder: string): Promise<ConfigFile | undefined> {
  const file = named ?? DEFAULT_FILES.find((each) => existsSync(resolve(folder, each)));
  if (file === undefined) return undefined;
  const path = resolve(folder, file);
  if (!existsSync(path)) {
    throw new ConfigError("config_not_found", {
      message: `There is no file ${file}.`,
      fix: "Name one with --config, or leave that out and use the environment alone.",
    });
  }
  const given = /\.[cm]?js$/.test(file) ? await importDefault(file, path) : parse(file, readText(file, path));
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return { file, given };
  throw unreadable(file, given === undefined ? "it has no default export" : "it is no object", undefined);
}

async function importDefault(file: string, path: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return module.default;
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function readText(file: string, path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    throw unreadable(file, (cause as NodeJS.ErrnoException).code ?? "it can't be read", cause); // which node:fs throws
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Without its cause, which shows some of the text: that may be a secret.
    throw unreadable(file, tellJsonMistake(cause, text), undefined);
  }
}

function unreadable(file: string, why: string, cause: unknown): ConfigError {
  return new ConfigError("config_unreadable", {
    message: `${file} can't be read: ${why}.`,
    fix: "It is JSON, or a .js or .mjs file whose default export is the configuration.",
    cause,
  });
}
