import { existsSync, readFileSync, statSync } from "node:fs";
import { availableParallelism, release, totalmem, type } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../index.js";
import type { CommandShape } from "./command.js";
import { withEnvFile } from "./env-file.js";
import { exitCodes } from "./exit-code.js";
import { packageVersion } from "./package.js";

interface InfoCommandOptions {
  readonly cwd: string;
}

/** What a bug report needs. Of the environment it tells names alone: a value may be a secret. */
export const infoCommand: CommandShape<InfoCommandOptions> = {
  usage: "info",
  summary: "what a bug report needs to know: versions, and what is set",
  examples: [
    ["tidings info", "to read"],
    ["tidings info --json", "to paste"],
  ],
  options: (command) => command.option("--cwd <folder>", "the project's folder", "."),
  async run({ terminal, options }) {
    const folder = resolve(options.cwd);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw noFolder(options.cwd);
    const file = join(folder, ".env");
    const info = describe(folder, existsSync(file) ? withEnvFile(terminal.env, file) : terminal.env);
    terminal.result(info, linesOf(info).join("\n"));
    return exitCodes.done;
  },
};

function noFolder(folder: string): ConfigError {
  return new ConfigError("no_such_folder", {
    message: `There is no folder ${folder}.`,
    fix: "Name the folder of a project, or leave --cwd out where you are in it.",
  });
}

type Info = Readonly<Record<string, unknown>>;

function describe(folder: string, env: Readonly<Record<string, string | undefined>>): Info {
  return {
    tidings: packageVersion,
    // Of Bun and Deno too, which say that they are a Node as well.
    runtime: Object.fromEntries(RUNTIMES.flatMap((name) => versionEntry(name, process.versions[name]))),
    system: `${type()} ${release()} ${process.arch}`,
    cpus: availableParallelism(),
    memory: `${Math.round(totalmem() / 1_024 ** 3)} GiB`,
    packageManager: packageManagerOf(folder),
    packages: Object.fromEntries(PACKAGES.flatMap((name) => versionEntry(name, versionOf(name, folder)))),
    environment: Object.keys(env)
      .filter((name) => name.startsWith("TIDINGS_") && env[name] !== "")
      .sort(),
  };
}

const RUNTIMES = ["bun", "deno", "node"] as const;

/** What it may be used with, and this package itself, as the project has it: that may be another version. */
const PACKAGES = [
  "tidings",
  "@opentelemetry/api",
  "piscina",
  "react",
  "redis",
  "tsx",
  "typescript",
  "valibot",
  "vitest",
  "zod",
];

function versionEntry(name: string, version: string | undefined): readonly (readonly [string, string])[] {
  return version === undefined ? [] : [[name, version]];
}

/** In the next `node_modules` upwards, as Node looks for it. Undefined where it is in none. */
function versionOf(name: string, folder: string): string | undefined {
  const found = upwards(folder).find((each) => existsSync(join(each, "node_modules", name, "package.json")));
  if (found === undefined) return undefined;
  return readJson(join(found, "node_modules", name, "package.json"))?.version;
}

/** What wrote the lock. */
function packageManagerOf(folder: string): string | undefined {
  return upwards(folder)
    .flatMap((each) => LOCKS.filter(([file]) => existsSync(join(each, file))))
    .map(([, manager]) => manager)[0];
}

const LOCKS: readonly (readonly [file: string, manager: string])[] = [
  ["package-lock.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["deno.lock", "deno"],
];

/** The folder, and those that it is in. */
function upwards(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}

function readJson(file: string): { readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function linesOf(info: Info): readonly string[] {
  const width = Math.max(...Object.keys(info).map((name) => name.length));
  return Object.entries(info)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}`);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ") || "none";
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value);
  return entries.length === 0 ? "none" : entries.map(([name, version]) => `${name} ${version}`).join(", ");
}
