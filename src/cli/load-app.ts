import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type App, ConfigError } from "../index.js";
import { withEnvFile } from "./env-file.js";
import { missingPackage } from "./missing-package.js";

/**
 * The app that a module of the user's exports, as `app`, as its default or as whatever else. The module sees what `.env` says
 * behind the environment, as with `tidings dev`.
 *
 * @throws {ConfigError} `no_such_file`, `no_app`, `several_apps`, `typescript_unreadable`, `missing_package`, `module_failed`, `unreadable_env_file`, or what the module itself threw
 */
export async function loadApp(file: string): Promise<App> {
  const path = findModule(file);
  Object.assign(process.env, withEnvFile(process.env));
  if (isTypeScript(path) && !readsTypeScript()) await registerTsx(path);
  const app = appIn(await importModule(path), file);
  if (app === undefined) throw noApp(file);
  return app;
}

/**
 * Where it is.
 *
 * @throws {ConfigError} `no_such_file`
 */
export function findModule(file: string): string {
  const path = resolve(file);
  if (existsSync(path)) return path;
  const near = ["app", "main", "server", "index"].flatMap((name) => PLACES.map((place) => place.replace("*", name)));
  const found = [`${file}.ts`, `${file}.js`, ...near].filter((each) => existsSync(resolve(each)));
  throw new ConfigError("no_such_file", {
    message: `There is no ${file} in ${process.cwd()}.`,
    fix: found.length === 0 ? "Give the file that exports the app." : `There is ${found.slice(0, 3).join(", ")}.`,
  });
}

/** Undefined where it exports none. */
export function appIn(module: object, file: string): App | undefined {
  const exported = exportsOf(module);
  const apps = new Set(Object.values(exported).filter(isApp));
  const chosen = [exported.app, exported.default].find(isApp);
  if (chosen !== undefined || apps.size < 2) return chosen ?? [...apps][0];
  throw new ConfigError("several_apps", {
    message: `${file} exports ${apps.size} apps, and none of them is called app.`,
    fix: "Export the one that is meant as `app`.",
  });
}

/** What a CommonJS module exports may be seen as its default alone. */
function exportsOf(module: object): Readonly<Record<string, unknown>> {
  const whole: unknown = Reflect.get(module, "default");
  return typeof whole === "object" && !isApp(whole) ? { ...module, ...whole } : { ...module };
}

export function noApp(file: string): ConfigError {
  return new ConfigError("no_app", {
    message: `${file} exports no app.`,
    fix: "Export it: `export const app = createApp({ endpoints: [] });`.",
  });
}

/**
 * What Node must be started with to read this file.
 *
 * @throws {ConfigError} `typescript_unreadable`
 */
export function nodeFlagsFor(path: string): readonly string[] {
  if (!isTypeScript(path)) return [];
  const tsx = findTsx(path);
  if (tsx !== undefined) return ["--import", tsx];
  if (stripsTypes()) return [];
  throw unreadable(path);
}

const PLACES: readonly string[] = ["*.ts", "src/*.ts", "*.js", "src/*.js", "*.mjs"];

/** The module, or whichever part of it, may be of another copy of this package: it is known by what it can do. */
function isApp(value: unknown): value is App {
  if (typeof value !== "object" || value === null) return false;
  return ["listen", "attach", "publish", "~host"].every((name) => typeof Reflect.get(value, name) === "function");
}

async function importModule(path: string): Promise<object> {
  try {
    return await import(/* @vite-ignore */ pathToFileURL(path).href);
  } catch (cause) {
    const known = cause instanceof ConfigError ? cause : missingPackage(cause);
    if (known !== undefined) throw known;
    const { message, where } = explain(cause);
    throw new ConfigError("module_failed", {
      message: `${relative(process.cwd(), path) || path} can't be loaded: ${message}`,
      fix: where === undefined ? "See what it imports." : `It was thrown ${where}.`,
      cause,
    });
  }
}

function explain(thrown: unknown): { readonly message: string; readonly where: string | undefined } {
  if (!(thrown instanceof Error)) return { message: String(thrown), where: undefined };
  // The first of the user's own: what is of Node or of a package is where it was found out, not where it is wrong.
  const own = thrown.stack?.split("\n").find((line) => /^\s+at .*[/\\]/.test(line) && !/node:|node_modules/.test(line));
  return { message: thrown.message, where: own?.trim() };
}

function isTypeScript(path: string): boolean {
  return /^\.[cm]?tsx?$/.test(extname(path));
}

/** Was this process started with a loader for it, as `tidings dev` starts the app's? */
function readsTypeScript(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((flag) => /\btsx\b/.test(flag));
}

/** Node does since 22.18, where it has not been told otherwise. */
function stripsTypes(): boolean {
  return Boolean(Reflect.get(process.features, "typescript"));
}

/** What `--import tsx` would load: it is the entry of that package which is one file, whoever asks and however. */
async function registerTsx(path: string): Promise<void> {
  const tsx = findTsx(path);
  if (tsx !== undefined) await import(/* @vite-ignore */ tsx);
  else if (!stripsTypes()) throw unreadable(path);
}

/** That of the user's project. */
function findTsx(path: string): string | undefined {
  for (const from of [dirname(path), process.cwd()]) {
    try {
      return pathToFileURL(createRequire(join(from, basename(path))).resolve("tsx")).href;
    } catch {}
  }
  return undefined;
}

function unreadable(path: string): ConfigError {
  return new ConfigError("typescript_unreadable", {
    message: `${basename(path)} is TypeScript, which Node ${process.versions.node} does not read by itself.`,
    fix: "Install tsx beside your app (npm install --save-dev tsx), or use Node 22.18 or newer.",
  });
}
