import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { ConfigError } from "../../index.js";
import { packageFolder } from "../package.js";
import { rangeOfThisPackage } from "./package-range.js";

export interface CreatedProject {
  readonly path: string;
  readonly name: string;
  /** The range by which it depends on this package. */
  readonly tidings: string;
  readonly files: readonly string[];
}

/**
 * Writes the project of `templates/app`.
 *
 * @throws {ConfigError} `folder_not_empty`, `not_a_folder`
 */
export function createProject(folder: string, { isForced }: { readonly isForced: boolean }): CreatedProject {
  const path = resolve(folder);
  checkFolder(path, folder, isForced);
  mkdirSync(path, { recursive: true });
  const name = packageName(basename(path));
  const tidings = rangeOfThisPackage(path);
  const texts = new Map(
    readdirSync(TEMPLATE).map((file) => [nameOf(file), readFileSync(new URL(file, TEMPLATE), "utf8")]),
  );
  texts.set("package.json", packageJson(texts.get("package.json") ?? "{}", name, tidings));
  // A secret that is in use is nobody's to replace.
  if (!existsSync(join(path, ".env"))) texts.set(".env", withSecret(texts.get(".env.example") ?? ""));
  for (const [file, text] of texts) writeFileSync(join(path, file), text, { mode: file === ".env" ? 0o600 : 0o644 });
  return { path, name, tidings, files: [...texts.keys()].sort() };
}

const TEMPLATE = new URL("templates/app/", packageFolder);

/** npm leaves files out of a package, or reads them, that are called as they are to be called in the project. */
const NAMES: Readonly<Record<string, string>> = { gitignore: ".gitignore", "env.example": ".env.example" };

function nameOf(file: string): string {
  return NAMES[file] ?? file;
}

function checkFolder(path: string, folder: string, isForced: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    throw new ConfigError("not_a_folder", { message: `${folder} is a file.`, fix: "Give the name of a new folder." });
  }
  // Who has begun with `git init` has nothing yet.
  const files = readdirSync(path).filter((name) => name !== ".git");
  if (files.length === 0 || isForced) return;
  throw new ConfigError("folder_not_empty", {
    message: `${folder} is not empty: there is ${files.slice(0, 3).join(", ")}${files.length > 3 ? " and more" : ""}.`,
    fix: "Give the name of a new folder, or --force to write beside and over what is there.",
  });
}

/** As npm takes it: lower case, of letters, digits, hyphens, dots and underscores, and beginning with none of the last two. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "")
    .slice(0, 214);
  return name === "" || name === "node_modules" || name === "tidings" ? "tidings-app" : name;
}

function packageJson(template: string, name: string, tidings: string): string {
  const json: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(template); // it is ours
  return `${JSON.stringify({ ...json, name, dependencies: { ...json.dependencies, tidings } }, undefined, 2)}\n`;
}

function withSecret(example: string): string {
  return example.replace(/^(TIDINGS_JWT_SECRET=)$/m, `$1${randomBytes(32).toString("base64url")}`);
}
