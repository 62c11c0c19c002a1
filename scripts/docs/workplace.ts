import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readRepository, readRepositoryFile } from "../../test/support/repository.js";
import { Sandbox, type SandboxOptions } from "./sandbox.js";
import type { SessionOptions } from "./session.js";
import { isStep } from "./steps.js";

/**
 * Where pages are followed: each in a folder in which the package is installed as it would be published, or, where it is
 * about the examples, in a copy of the repository; and with ports of its own.
 */
export class Workplace {
  readonly #root: string;
  readonly #pack: Pack;
  readonly #folder = mkdtempSync(join(tmpdir(), "tidings-docs-"));
  readonly #sandboxes: Sandbox[] = [];
  #project: Promise<string> | undefined;
  #repository: string | undefined;
  #steps: string | undefined;

  constructor({ root, pack }: { readonly root: string; readonly pack: Pack }) {
    this.#root = root;
    this.#pack = pack;
    process.once("exit", () => this.#clear());
  }

  /** For the commands of the page at this path. */
  async open(path: string): Promise<SessionOptions> {
    const project = await (this.#project ??= this.#install());
    const folder = this.#folderFor(path, project);
    const env = this.#envOf(folder);
    if (isOfRepository(path)) {
      const alone = await this.#sandbox({
        packages: join(this.#copyOfRepository(project), "node_modules"),
        isConnected: false,
      });
      return { folder, env, enter: { alone, connected: undefined } };
    }
    const [alone, connected] = await Promise.all([
      this.#sandbox({ isConnected: false }),
      this.#sandbox({ isConnected: true }),
    ]);
    return { folder, env, enter: { alone, connected } };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sandboxes.map((sandbox) => sandbox.close()));
    this.#clear();
  }

  #clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #sandbox(options: Pick<SandboxOptions, "packages" | "isConnected">): Promise<readonly string[]> {
    const sandbox = await Sandbox.open({ folder: this.#folder, root: this.#root, ...options });
    this.#sandboxes.push(sandbox);
    return sandbox.enter;
  }

  /** As README says of a project of one's own. */
  async #install(): Promise<string> {
    const tarball = await this.#pack(join(this.#folder, "package"));
    const project = join(this.#folder, "project");
    this.#writeCommands(tarball, join(project, "node_modules"));
    const { dependencies, devDependencies } = JSON.parse(readRepositoryFile("templates/app/package.json"));
    const own = { name: "project", private: true, type: "module", devDependencies };
    mkdirSync(project);
    mkdirSync(join(this.#folder, "tmp"));
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ ...own, dependencies: { ...dependencies, tidings: `file:${tarball}` } }),
    );
    cpSync(join(this.#root, "templates/app/tsconfig.json"), join(project, "tsconfig.json"));
    await promisify(execFile)("npm", ["install"], { cwd: project, env: this.#envOf(project) });
    return project;
  }

  #folderFor(path: string, project: string): string {
    // Where they say that they are to be typed.
    if (path.startsWith("examples/patterns/p")) return join(this.#copyOfRepository(project), "examples/patterns");
    if (isOfRepository(path)) return this.#copyOfRepository(project);
    if (isStep({ path })) return this.#folderForStep(project);
    const folder = this.#copyOf(project, path);
    if (!path.startsWith("templates/")) return folder;
    // It is the page of the project that is made of it.
    execFileSync("node_modules/.bin/tidings", ["create", "chat"], { cwd: folder, stdio: "ignore" });
    return join(folder, "chat");
  }

  /** The project of all steps is the one that the first makes; who begins in the middle has one like the others. */
  #folderForStep(project: string): string {
    const steps = (this.#steps ??= this.#copyOf(project, "steps"));
    const made = join(steps, STEPS_PROJECT);
    return existsSync(made) ? made : steps;
  }

  /** The files are the same ones, but for those that npm writes to. */
  #copyOf(project: string, path: string): string {
    const folder = join(this.#folder, path.replaceAll(/\W+/g, "-"));
    execFileSync("cp", ["-al", project, folder]);
    for (const name of ["package.json", "package-lock.json", "tsconfig.json", "node_modules/.package-lock.json"]) {
      rmSync(join(folder, name));
      cpSync(join(project, name), join(folder, name));
    }
    return folder;
  }

  /** One for all. */
  #copyOfRepository(project: string): string {
    if (this.#repository !== undefined) return this.#repository;
    const folder = join(this.#folder, "repository");
    for (const path of readRepository(/./).keys()) cpSync(join(this.#root, path), join(folder, path));
    const built = join(project, "node_modules/tidings");
    for (const name of ["dist", "ui/dist"]) cpSync(join(built, name), join(folder, name), { recursive: true });
    mkdirSync(join(folder, "node_modules")); // a link would lead whoever empties it to the repository's
    this.#repository = folder;
    return folder;
  }

  /** What a shell has, without what npm has put there for us. */
  #envOf(folder: string): Record<string, string | undefined> {
    const { HOME, LANG, PATH = "" } = process.env;
    const path = [join(this.#folder, "bin"), ...PATH.split(":").filter((each) => !each.includes("node_modules"))];
    return {
      HOME,
      LANG,
      TMPDIR: join(this.#folder, "tmp"),
      PATH: [...path, join(folder, "node_modules/.bin")].join(":"),
      NO_COLOR: "1",
      npm_config_update_notifier: "false",
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_prefer_offline: "true",
    };
  }

  /** npm takes the tarball for what is not published yet, and npx, which only finds what is installed, is spared its start. */
  #writeCommands(tarball: string, packages: string): void {
    const bin = join(this.#folder, "bin");
    mkdirSync(bin, { recursive: true });
    const real = (name: string) => execFileSync("which", [name], { encoding: "utf8" }).trim();
    const commands = {
      npm: `case "$1" in install)
  # What a new project needs is there already: npm has less to unpack.
  if [ $# = 1 ] && [ ! -e node_modules ] && [ -e ${packages} ]; then
    cp -al ${packages} . && rm node_modules/.package-lock.json && cp ${packages}/.package-lock.json node_modules
  fi
  for arg do shift; [ "$arg" = tidings ] && arg=${tarball}; set -- "$@" "$arg"; done
esac
exec ${real("npm")} "$@"`,
      npx: `folder=$PWD
while [ "$folder" != / ]; do
  [ -x "$folder/node_modules/.bin/$1" ] && command="$folder/node_modules/.bin/$1" && shift && exec "$command" "$@"
  # In the package itself its own command.
  [ "$1" = tidings ] && [ -f "$folder/dist/cli/index.js" ] && shift && exec node "$folder/dist/cli/index.js" "$@"
  folder=$(dirname "$folder")
done
exec ${real("npx")} "$@"`,
    };
    for (const [name, text] of Object.entries(commands)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
  }
}

/** As the guide's first page calls it. */
const STEPS_PROJECT = "guide";

function isOfRepository(path: string): boolean {
  return path.startsWith("examples/");
}

/** Makes the package's tarball in a new folder, and gives its path. */
type Pack = (folder: string) => Promise<string>;
